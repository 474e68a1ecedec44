"""An expert's honours in the page: entered, verified, changed, taken back, and what follows for the scope."""

import pytest

from experts.enums import AwardState, Label, Scope
from experts.models import Award, Expert
from tests.experts.pages import at, body, field_errors, said
from tests.factories import make_award, make_expert

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client_of, officer_haidian):
    return client_of(officer_haidian)


def award_form(**changes):
    return dict.fromkeys(["text", "issuer", "level", "year", "document"], "") | {"honour": "CAS"} | changes


def test_a_catalogue_honour_makes_key_at_once(client):
    expert = make_expert()
    response = client.post(at(expert, "awards/new"), award_form(year="2018", document="证字1号"), follow=True)
    award = Award.objects.get()
    assert said(response) == ["已登记称号。联系范围由规则重新认定为“重点联系”。"]
    assert (award.honour.code, award.year, award.document, award.state) == (
        "CAS",
        2018,
        "证字1号",
        "recorded",
    )


def test_an_award_outside_the_catalogue_counts_only_when_verified(client, officer_haidian):
    expert = make_expert()
    form = award_form(honour="MUNICIPAL_AWARD", text="示范奖", issuer="示范市", level="municipal")
    assert said(client.post(at(expert, "awards/new"), form, follow=True)) == ["已登记称号。"]
    award = Award.objects.get()
    page = body(client.get(at(expert)))
    assert (award.state, Expert.objects.get().scope) == (AwardState.PENDING, Scope.GENERAL)
    assert "尚未核实；核实属市级及以上奖项后即为重点联系" in page
    verified = client.post(at(expert, "awards", award.uuid, "verify"), {"accept": "yes"}, follow=True)
    award.refresh_from_db()
    assert said(verified) == ["已核实。联系范围由规则重新认定为“重点联系”。"]
    assert (award.state, award.verified_by) == (AwardState.VERIFIED, officer_haidian)


def test_an_award_that_does_not_hold_never_makes_key(client):
    expert = make_expert()
    award = make_award(expert, "MUNICIPAL_AWARD", text="示范奖", state=AwardState.PENDING)
    client.post(at(expert, "awards", award.uuid, "verify"), {"accept": "no"})
    award.refresh_from_db()
    assert (award.state, Expert.objects.get().scope) == (AwardState.REJECTED, Scope.GENERAL)
    assert "经核实未予认定" in body(client.get(at(expert)))


@pytest.mark.parametrize(("changes", "names"), [
    ({"honour": ""}, ["honour"]),
    ({"honour": "NOPE"}, ["honour"]),
    ({"honour": "MUNICIPAL_AWARD"}, ["text"]),
    ({"text": "院士证书"}, ["text"]),
    ({"year": "-5"}, ["year"]),
    ({"year": "1900"}, ["year"]),
    ({"year": "99999"}, ["year"]),
    ({"year": "x"}, ["year"]),
    ({"level": "galactic"}, ["level"]),
    ({"document": "机密★"}, ["document"]),
    ({"issuer": "示\0范"}, ["issuer"]),
    ({"document": "号" * 10_000}, ["document"]),
])  # fmt: skip
def test_a_mistaken_award_is_said_beside_its_field(client, changes, names):
    expert = make_expert()
    response = client.post(at(expert, "awards/new"), award_form(**changes))
    assert (response.status_code, list(field_errors(response)), Award.objects.count()) == (200, names, 0)


def test_the_same_honour_is_not_entered_twice(client):
    expert = make_expert(awards=["CAS"])
    response = client.post(at(expert, "awards/new"), award_form())
    assert field_errors(response) == {"honour": ["这一称号已经登记过了，请直接修改原有记录。"]}
    assert Award.objects.count() == 1


def test_two_awards_never_get_the_same_text(client):
    expert = make_expert()
    first, second = (make_award(expert, "MUNICIPAL_AWARD", text=text) for text in ("示范奖一", "示范奖二"))
    response = client.post(
        at(expert, "awards", second.uuid, "edit"), award_form(honour="MUNICIPAL_AWARD", text=first.text)
    )
    second.refresh_from_db()
    assert (list(field_errors(response)), second.text) == (["text"], "示范奖二")


def test_another_text_must_be_verified_again(client, officer_haidian):
    expert = make_expert()
    award = make_award(expert, "MUNICIPAL_AWARD", text="示范奖一")
    client.post(at(expert, "awards", award.uuid, "verify"), {"accept": "yes"})
    client.post(
        at(expert, "awards", award.uuid, "edit"), award_form(honour="MUNICIPAL_AWARD", text="示范奖二")
    )
    award.refresh_from_db()
    assert (award.state, award.verified_by, Expert.objects.get().scope) == (
        AwardState.PENDING,
        None,
        Scope.GENERAL,
    )


def test_removing_the_honour_takes_the_scope_back(client):
    expert = make_expert(awards=["CAS"])
    response = client.post(at(expert, "awards", expert.awards.get().uuid, "remove"), follow=True)
    assert said(response) == ["已删除这条称号。联系范围由规则重新认定为“普遍联系”。"]
    assert Award.objects.count() == 0


def test_an_award_of_someone_else_is_not_reached_through_another_record(client):
    mine, other = make_expert("张三"), make_expert("李四", awards=["CAS"])
    award = other.awards.get()
    for rest in ("edit", "verify", "remove"):
        assert client.post(at(mine, "awards", award.uuid, rest), award_form()).status_code == 404
    assert Award.objects.filter(pk=award.pk, state=AwardState.RECORDED).exists()


def test_a_sensitive_programme_makes_the_record_sensitive(client):
    expert = make_expert()
    client.post(at(expert, "awards/new"), award_form(honour="THOUSAND_TALENTS"))
    expert.refresh_from_db()
    assert expert.label == Label.SENSITIVE
