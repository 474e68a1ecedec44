"""Asking for a restriction, the list of what waits, and deciding: in the pages."""

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.verbs import Verb
from experts.enums import Label
from experts.models import RestrictionRequest
from tests.experts.grants import head, in_days, listed, worker
from tests.experts.pages import at, body, field_errors, queries, said
from tests.factories import ask_to_lift, ask_to_restrict, make_expert, restrict

pytestmark = pytest.mark.django_db
LIST = reverse("experts:restrictions")


@pytest.fixture
def expert():
    return make_expert("林中鸟")


@pytest.fixture
def people():
    return worker("甲"), worker("乙")


def posted(**changes):
    today = timezone.localdate().isoformat()
    return {
        "persons": ["甲", "乙"],
        "expires_on": in_days(90).isoformat(),
        "reason": "涉及国家安全",
        "secrecy_officer": "保密干部",
        "confirmed_on": today,
    } | changes


def lifted(**changes):
    values = posted(new_label="1") | changes
    return {name: value for name, value in values.items() if name not in ("persons", "expires_on")}


def page_of(asked):
    return reverse("experts:restriction", args=[asked.uuid])


def decide(client, asked, decision, note=""):
    url = reverse("experts:restriction_decide", args=[asked.uuid])
    return client.post(url, {"decision": decision, "note": note}, follow=True)


def test_from_the_request_to_the_day_nobody_else_sees_it(
    client_of, officer_haidian, director_haidian, expert, people
):
    officer, director = client_of(officer_haidian), client_of(director_haidian)
    assert "申请设为限知悉" in body(officer.get(at(expert)))
    asked_page = officer.post(at(expert, "restriction"), posted(), follow=True)
    assert said(asked_page) == ["已提出申请，等待另一人批准。"]
    asked = RestrictionRequest.objects.get()
    assert "设为限知悉的申请待批准" in body(officer.get(at(expert)))
    assert "审批限知悉申请" in body(director.get("/"))
    assert "审批限知悉申请" not in body(officer.get("/"))
    assert "林中鸟" in body(director.get(LIST))

    done = decide(director, asked, "approved")
    assert (said(done), done.redirect_chain) == (["已办理。"], [("/experts/", 302)])
    for client in (officer, director):
        for url in (at(expert), at(expert, "edit"), at(expert, "restriction"), page_of(asked)):
            assert client.get(url).status_code == 404
        assert "林中鸟" not in body(client.get(LIST))
        assert client.get("/experts/?q=林中鸟").context["total"] == 0
    page = body(client_of(people[0]).get(at(expert)))
    assert ("知悉范围" in page, "乙" in page, in_days(90).isoformat() in page) == (True, True, True)


def test_opening_a_request_about_a_restricted_record_is_on_the_trail(client_of, expert, people):
    restrict(expert, *people)
    asked = ask_to_lift(people[0], expert)
    assert client_of(people[1]).get(page_of(asked)).status_code == 200
    assert Event.objects.get(verb=Verb.VIEW).reference == expert.record_number


def test_lifting_by_two_on_the_list(client_of, expert, people, officer_haidian):
    restrict(expert, *people)
    one, other = map(client_of, people)
    assert "申请解除限知悉" in body(one.get(at(expert)))
    one.post(at(expert, "restriction"), lifted())
    asked = RestrictionRequest.objects.get()
    assert (asked.kind, asked.new_label) == ("unrestrict", Label.SENSITIVE)
    assert client_of(officer_haidian).get(page_of(asked)).status_code == 404
    done = decide(other, asked, "approved")
    assert (said(done), done.redirect_chain) == (["已办理。"], [(at(expert), 302)])
    assert listed(expert) == []
    assert client_of(officer_haidian).get(at(expert)).status_code == 200


@pytest.mark.parametrize(("changes", "errors"), [
    ({"persons": []}, {"persons": ["请选择人员。"]}),
    ({"persons": ["甲"]}, {"persons": ["请至少选择两人。"]}),
    ({"persons": ["甲", "甲"]}, {"persons": ["请至少选择两人。"]}),
    ({"persons": ["甲", "查无此人"]}, {"persons": ["请从名单中选择一位在用的人员。"]}),
    ({"persons": ["甲", "\0"]}, {"persons": ["不允许是用空字符串。"]}),
    ({"persons": ["甲", "secadmin"]}, {"persons": ["请从名单中选择一位在用的人员。"]}),
    ({"expires_on": ""}, {"expires_on": ["请填有效期。"]}),
    ({"expires_on": "2020-01-01"}, {"expires_on": ["有效期请填明天起一年以内的日期。"]}),
    ({"expires_on": "9999-12-31"}, {"expires_on": ["有效期请填明天起一年以内的日期。"]}),
    ({"reason": ""}, {"reason": ["请写明申请理由。"]}),
    ({"reason": "林中鸟承担任务"}, {"reason": ["安全管理员会看到申请理由，请不要写专家姓名。"]}),
    ({"reason": "密级：绝密"}, {"reason": ["含有密级标志。本系统为非涉密系统，不得录入。"]}),
    ({"secrecy_officer": " "}, {"secrecy_officer": ["请填保密干部姓名。"]}),
    ({"confirmed_on": "9999-01-01"}, {"confirmed_on": ["书面确认日期不能晚于今天。"]}),
    ({"confirmed_on": "昨天"}, {"confirmed_on": ["请填日期，如 2026-11-20。"]}),
])  # fmt: skip
def test_a_request_that_cannot_be_made_says_so_beside_the_field(
    client_of, officer_haidian, secadmin, expert, people, changes, errors
):
    response = client_of(officer_haidian).post(at(expert, "restriction"), posted(**changes))
    assert (response.status_code, field_errors(response)) == (422, errors)
    assert RestrictionRequest.objects.count() == 0


@pytest.mark.parametrize("label", ["", "2", "x"])
def test_lifting_needs_a_label_to_go_to(client_of, expert, people, label):
    restrict(expert, *people)
    response = client_of(people[0]).post(at(expert, "restriction"), lifted(new_label=label))
    assert list(field_errors(response)) == ["new_label"]


def test_what_is_refused_is_said_on_the_page(client_of, officer_haidian, director_haidian, expert, people):
    asked = ask_to_restrict(officer_haidian, expert, people[0], director_haidian)
    director = client_of(director_haidian)
    page = decide(director, asked, "approved")
    assert (page.status_code, "您是申请中的知悉人" in body(page)) == (422, True)
    assert field_errors(decide(director, asked, "refused")) == {
        "note": ["请写明不批准的理由，不超过 200 字。"]
    }
    assert list(field_errors(decide(director, asked, "x"))) == ["decision"]
    assert said(decide(director, asked, "refused", "没有必要")) == ["已办理。"]
    assert "没有必要" in body(client_of(officer_haidian).get(page_of(asked)))
    assert decide(director, asked, "approved").status_code == 403


def test_withdrawing_is_for_the_requester(client_of, officer_haidian, director_haidian, expert, people):
    asked = ask_to_restrict(officer_haidian, expert, *people)
    assert decide(client_of(head("市里", at="D03")), asked, "approved").status_code == 404
    assert decide(client_of(director_haidian), asked, "withdrawn").status_code == 422
    officer = client_of(officer_haidian)
    assert "撤回申请" in body(officer.get(page_of(asked)))
    assert said(decide(officer, asked, "withdrawn")) == ["已办理。"]
    assert "没有待批准的申请" in body(officer.get(LIST))


def test_a_second_request_leads_to_the_one_that_waits(client_of, officer_haidian, expert, people):
    asked = ask_to_restrict(officer_haidian, expert, *people)
    client = client_of(officer_haidian)
    for response in (client.get(at(expert, "restriction")), client.post(at(expert, "restriction"), posted())):
        assert (response.status_code, response["Location"]) == (302, page_of(asked))


def test_pages_take_the_same_statements_at_one_row_and_at_three(client_of, director_haidian, people):
    director = client_of(director_haidian)
    director.get(LIST)

    def ask(names):
        return [ask_to_restrict(worker(f"请{name}"), make_expert(name), *people) for name in names]

    asked = ask("丙")[0]
    one, detail = queries(director, LIST), queries(director, page_of(asked))
    ask("丁戊")
    three = queries(director, LIST)
    assert (len(one), len(three)) == (5, 5), "\n".join(three)
    assert len(detail) == 8, "\n".join(detail)
