"""Merging two records of one person, and taking it back within 30 days."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import ProgrammingError, transaction
from django.utils import timezone

from audit.models import Event
from experts.actions import merging, register
from experts.enums import Label, SensitiveField
from experts.errors import NotAllowed, StaleSave
from experts.models import Award, Expert, Holder, Merge, SearchToken, SensitiveValue
from experts.models.expert import MERGED
from experts.sensitive import opened
from tests.exchange import wizard
from tests.experts.grants import worker
from tests.experts.pages import LIST, at, body
from tests.factories import (
    ask_to_restrict,
    hold,
    make_award,
    make_expert,
    make_sensitive,
    make_user,
    restrict,
)
from tests.personas import PERSONAS
from tests.roles import as_role

pytestmark = pytest.mark.django_db
NUMBER = "110105198510104635"
CHILDREN = (Award, SearchToken, SensitiveValue)


@pytest.fixture
def two():
    """Two records of D04: they differ in post, hold one honour in common, and only one has an ID number."""
    stay = make_expert("林双", post="院长", awards=["CAS"])
    gone = make_expert("林爽", post="主任", birth=date(1966, 5, 1), awards=["CAS", "STATE_ALLOWANCE"])
    make_sensitive(gone, text=NUMBER)
    make_sensitive(stay, SensitiveField.PHONE, "13800138000")
    make_sensitive(gone, SensitiveField.PHONE, "13900139000")
    hold(gone, "D03")
    return stay, gone


@pytest.fixture
def by(personas):
    return personas["officer_haidian"]


def merged(by, stay, gone, *taken, versions=None):
    """As the application does it."""
    with as_role("liaison_app", by):
        return merging.merge_records(
            by=by, stay=stay, gone=gone, versions=versions or (stay.version, gone.version), taken=taken
        )


def undone(by, merge):
    with as_role("liaison_app", by):
        return merging.undo_merge(by=by, merge=merge)


def state(*experts):
    """All that a merge may touch, as it stands."""
    ids = [expert.pk for expert in experts]
    facts = (
        "name",
        "former_names",
        "post",
        "birth",
        "birth_day_known",
        "sort_key",
        "label",
        "scope",
        "id_type",
    )
    values = SensitiveValue.objects.filter(expert__in=ids).select_related("expert")
    return (
        list(Expert.objects.filter(pk__in=ids).order_by("pk").values_list(*facts)),
        sorted(Award.objects.filter(expert__in=ids).values_list("id", "expert_id", "label", "unit_order")),
        sorted((v.expert_id, v.field, opened(v.expert, v), bytes(v.blind_index or b"")) for v in values),
        sorted(Holder.objects.filter(expert__in=ids).values_list("expert_id", "unit__code", "label")),
        sorted(SearchToken.objects.filter(expert__in=ids).values_list("expert_id", "token", "label")),
    )


def test_the_surviving_record_has_everything(by, two):
    stay, gone = two
    merged(by, stay, gone, "post", "birth")
    stay.refresh_from_db()
    assert (stay.name, stay.former_names, stay.post, stay.birth) == (
        "林双",
        ["林爽"],
        "主任",
        date(1966, 5, 1),
    )
    assert sorted(stay.awards.values_list("honour__code", flat=True)) == ["CAS", "STATE_ALLOWANCE"]
    assert list(stay.holders.values_list("unit__code", flat=True)) == ["D03"]
    values = {value.field: opened(stay, value) for value in stay.sensitive_values.all()}
    assert values == {"id_number": NUMBER, "phone": "13800138000"}
    assert stay.tokens.filter(token="林爽").exists()


def test_a_value_that_both_hold_is_taken_when_chosen(by, two):
    stay, gone = two
    merged(by, stay, gone, "phone")
    assert opened(stay, stay.sensitive_values.get(field="phone")) == "13900139000"


@pytest.mark.parametrize("name", PERSONAS)
def test_neither_lock_shows_the_merged_record_or_what_hangs_on_it(by, two, personas, name):
    stay, gone = two
    merged(by, stay, gone)
    user = personas[name]
    assert Expert.objects.get(pk=gone.pk).label == MERGED
    assert Expert.objects.visible_to(user).filter(pk=gone.pk).count() == 0
    with as_role("liaison_app", user):
        assert Expert.objects.filter(pk=gone.pk).count() == 0
        assert [model.objects.filter(expert=gone.pk).count() for model in CHILDREN] == [0, 0, 0]
        assert Holder.objects.filter(expert=gone.pk).count() == 0


def test_its_address_leads_on_for_those_who_see_the_survivor(by, two, client_of, personas):
    stay, gone = two
    Holder.objects.all().delete()
    merged(by, stay, gone)
    assert client_of(by).get(at(gone)).url == at(stay)
    assert gone.record_number not in body(client_of(by).get(LIST + "?q=林爽")).replace(stay.record_number, "")
    assert client_of(personas["no_role"]).get(at(gone)).status_code == 404
    assert client_of(personas["officer_chaoyang"]).get(at(gone)).status_code == 404


def test_both_records_say_so_in_the_trail_and_the_survivor_shows_both(by, two, client_of):
    stay, gone = two
    merged(by, stay, gone)
    said = Event.objects.filter(fields=["merge"]).values_list("reference", flat=True)
    assert sorted(said) == sorted([stay.record_number, gone.record_number])
    page = body(client_of(by).get(at(stay) + "?tab=log"))
    assert page.count("修改了合并情况") == 2


def test_undoing_restores_everything(by, two):
    before = state(*two)
    merge = merged(by, *two, "name", "post", "birth", "phone")
    assert state(*two) != before
    undone(by, merge)
    assert state(*two) == before
    merge.refresh_from_db()
    assert (bytes(merge.sealed), merge.key_id, merge.undone_by) == (b"", "", by)
    with pytest.raises(ValidationError, match="已经撤销"):
        undone(by, merge)


def test_the_snapshot_shows_nothing(by, two):
    merge = merged(by, *two, "phone")
    shown = bytes(merge.sealed) + str(merge.moved).encode()
    assert not any(text.encode() in shown for text in ("13800138000", "院长", NUMBER))


def test_an_edit_since_stops_undoing_and_says_what(by, two):
    stay, gone = two
    merge = merged(by, stay, gone, "post")
    stay.refresh_from_db()
    register.update_expert(by=by, expert=stay, version=stay.version, facts={"post": "所长"})
    with pytest.raises(ValidationError, match="合并后职务已被修改"):
        undone(by, merge)


def test_a_change_to_what_moved_stops_undoing(by, two):
    stay, gone = two
    merge = merged(by, stay, gone)
    stay.awards.filter(honour__code="STATE_ALLOWANCE").update(year=2001)
    with pytest.raises(ValidationError, match="合并后称号奖励已有改动"):
        undone(by, merge)
    assert Expert.objects.get(pk=gone.pk).label == MERGED


def test_a_change_elsewhere_does_not_stop_undoing(by, two):
    stay, gone = two
    merge = merged(by, stay, gone, "post")
    make_award(stay, "BJ_STM")
    Expert.objects.filter(pk=stay.pk).update(title="教授")
    assert undone(by, merge) == gone
    assert stay.awards.count() == 2


def test_after_30_days_it_stands_and_the_worker_forgets(by, two):
    merge = merged(by, *two)
    Merge.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    with as_role("liaison_worker"):
        assert merging.forget_expired() == 1
        assert merging.forget_expired() == 0
    merge.refresh_from_db()
    assert bytes(merge.sealed) == b""
    with pytest.raises(ValidationError, match="30 天"):
        undone(by, merge)


def test_merging_on_leads_to_the_last_and_is_undone_from_the_last(by, two):
    stay, gone = two
    last = make_expert("林叁")
    first = merged(by, stay, gone)
    second = merged(by, last, Expert.objects.get(pk=stay.pk))
    assert Merge.objects.get(pk=first.pk).expert == last
    with pytest.raises(ValidationError, match="先撤销后来的"):
        undone(by, Merge.objects.get(pk=first.pk))
    undone(by, second)
    assert undone(by, Merge.objects.get(pk=first.pk)) == gone


def test_a_merged_record_is_merged_no_more(by, two):
    stay, gone = two
    merged(by, stay, gone)
    with pytest.raises(NotAllowed):
        merged(by, make_expert("林叁"), gone)


def test_a_record_changed_meanwhile_is_not_merged(by, two):
    stay, gone = two
    with pytest.raises(StaleSave):
        merged(by, stay, gone, versions=(stay.version, gone.version + 1))
    assert Merge.objects.count() == 0


def test_both_records_must_be_the_users_to_change(by, two, personas):
    stay, _ = two
    elsewhere = make_expert("林外", unit_code="D03")
    hold(elsewhere, "D04")
    assert Expert.objects.visible_to(by).filter(pk=elsewhere.pk).exists()
    with pytest.raises(NotAllowed):
        merged(by, stay, elsewhere)
    with pytest.raises(NotAllowed):
        merged(personas["leader_city"], *two)


def test_a_restricted_record_stays_and_stays_restricted(two):
    stay, gone = two
    listed, other = worker("甲"), worker("乙")
    restrict(stay, listed, other)
    with pytest.raises(NotAllowed, match="标签"):
        merged(listed, gone, stay)
    merge = merged(listed, stay, gone)
    assert Expert.objects.get(pk=stay.pk).label == Label.RESTRICTED
    assert set(stay.awards.values_list("label", flat=True)) == {Label.RESTRICTED}
    undone(listed, merge)
    assert Expert.objects.get(pk=gone.pk).label == Label.INTERNAL


def test_who_is_not_on_the_list_cannot_merge_into_it(by, two, sql):
    stay, gone = two
    restrict(stay, worker("甲"), worker("乙"))
    with pytest.raises(NotAllowed):
        merged(by, stay, gone)
    with as_role("liaison_app", by):
        word = sql(
            "SELECT experts_merge_records(gen_random_uuid(), %s, %s, '[]', '', '', '', now())",
            stay.uuid,
            gone.uuid,
        )
        assert sql("SELECT * FROM experts_values_of(%s, %s)", stay.uuid, stay.uuid) == []
    assert word == [("unknown",)]


def test_a_pending_restriction_is_decided_first(by, two):
    ask_to_restrict(by, two[1], make_user(), make_user())
    with pytest.raises(NotAllowed, match="先办理申请"):
        merged(by, *two)


@pytest.mark.parametrize("label", [MERGED, Label.RESTRICTED])
def test_nobody_sets_the_label_by_hand(by, two, label):
    with as_role("liaison_app", by), pytest.raises(ProgrammingError), transaction.atomic():
        Expert.objects.filter(pk=two[0].pk).update(label=label)


def test_nobody_undoes_by_hand_what_they_may_not_change(by, two, personas):
    merge = merged(by, *two)
    for name in ("leader_city", "officer_chaoyang"):
        with pytest.raises(PermissionDenied):
            undone(personas[name], merge)


def test_the_pages_merge_and_undo(by, two, client_of):
    stay, gone = two
    client = client_of(by)
    page = client.get(at(stay, "merge", gone.uuid))
    form = page.context["form"]
    assert {row["name"]: row["chosen"] for row in form.rows()} == {
        "name": "stay", "birth": "gone", "post": "stay", "phone": "stay",
    }  # fmt: skip
    assert "13800138000" not in body(page)
    sent = {"name": "stay", "birth": "gone", "post": "gone", "phone": "stay", "stay_version": stay.version,
            "gone_version": gone.version}  # fmt: skip
    assert client.post(at(stay, "merge", gone.uuid), sent | {"gone_version": 99}).status_code == 409
    assert client.post(at(stay, "merge", gone.uuid), sent).url == at(stay)
    page = body(client.get(at(stay)))
    assert f"{gone.record_number} 已并入本条" in page
    merge = Merge.objects.get()
    assert client.post(f"/experts/merges/{merge.uuid}/undo/").url == at(stay)
    assert client.get(at(gone)).status_code == 200


def test_an_import_after_the_merge_meets_the_survivor(by, two, client_of, monkeypatch):
    stay, gone = two
    merged(by, stay, gone)
    roster = wizard.previewed(client_of(by), monkeypatch, f"林双,男,1985-10,{NUMBER},示范大学,院长,,")
    assert (roster.counts["create"], roster.counts["update"]) == (0, 1)
