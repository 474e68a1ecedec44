"""What a verified change leaves behind, and what a transfer opens: the exit's draft, the question to the new
unit, its answer (二（二）, 二（三）)."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from audit.models import Event
from audit.verbs import Verb
from experts import effects
from experts.actions import changes, proposals, transfers
from experts.actions.deaths import register_death
from experts.enums import ChangeKind, Label
from experts.freshness import Source, confirmation_of
from experts.models import (
    ChangeReport,
    Expert,
    HistoryEvent,
    Holder,
    Honour,
    Origin,
    Proposal,
    TakeOver,
)
from reminders.models import Message
from tests.access.test_planted_sql import failure
from tests.experts.grants import head, worker
from tests.experts.pages import at, body, field_errors, queries, said
from tests.factories import enter, hold, make_expert, make_report, make_takeover, restrict, unit
from tests.roles import as_role

pytestmark = pytest.mark.django_db
LIST = "/experts/changes/takeovers/"
LONG_AGO = date(2019, 1, 1)


@pytest.fixture
def expert():
    return make_expert("林中鸟", employer="示范研究所", post="所长", title="教授", confirmed_on=LONG_AGO)


def verify(personas, expert, kind="transfer", by="director_haidian", **facts):
    """Reported by the officer of Haidian, verified by another, as the application does it."""
    report = make_report(personas["officer_haidian"], expert, kind, **facts)
    user = personas[by] if isinstance(by, str) else by
    with as_role("liaison_app", user):
        opened = changes.verify_change(
            by=user, report=report, version=Expert.objects.get(pk=expert.pk).version
        )
    expert.refresh_from_db()
    return report, opened


def page_of(asked, *rest):
    return "/".join([f"{LIST}{asked.uuid}", *rest, ""])


# What changes is confirmed, and says where it comes from


def test_what_a_change_states_is_confirmed_by_it(personas, expert):
    """Also what stood on the record already: somebody was faster, and the report says that it holds."""
    verify(personas, expert, employer="新示范大学", post="所长")
    stamps = {name: confirmation_of(expert, name) for name in ("employer", "post", "title", "name")}
    today, director = timezone.localdate(), personas["director_haidian"].pk
    for name in ("employer", "post"):
        found = stamps[name]
        assert (found.on, found.by_id, found.source) == (today, director, Source.CHANGE)
    assert {stamps[name].on for name in ("title", "name")} == {LONG_AGO}
    assert expert.confirmed_on == LONG_AGO


def test_a_change_that_states_what_is_there_confirms_and_changes_nothing(personas, expert):
    verify(personas, expert, "post_change", post="所长")
    assert confirmation_of(expert, "post").on == timezone.localdate()
    assert not HistoryEvent.objects.filter(expert=expert, changes__has_key="post").exists()


def test_the_page_says_that_a_field_was_confirmed_by_a_change(personas, expert, client_of):
    verify(personas, expert, employer="新示范大学")
    assert "（变动登记）" in body(client_of(personas["officer_haidian"]).get(at(expert) + "?tab=facts"))


def test_the_history_leads_to_the_change_for_who_may_read_it(personas, expert, client_of):
    report, _ = verify(personas, expert, employer="新示范大学")
    event = HistoryEvent.objects.get(expert=expert, changes__has_key="employer")
    assert (event.origin, event.reference) == (Origin.CHANGE, str(report.uuid))
    [entry, *_] = (
        client_of(personas["leader_city"]).get(at(expert) + "?tab=history").context["history"]["entries"]
    )
    assert (entry.title, entry.source) == ("信息变动", ("工作调动", f"/experts/changes/{report.uuid}/"))


def test_an_honour_that_was_reported_comes_from_its_report(personas, expert):
    honour = Honour.objects.get(code="STATE_ALLOWANCE")
    report, _ = verify(personas, expert, "award", honour=honour)
    events = HistoryEvent.objects.filter(expert=expert, origin=Origin.CHANGE)
    assert {event.reference for event in events} == {str(report.uuid)}
    assert {(event.subject, event.act) for event in events} == {("award", "created"), ("expert", "changed")}


def test_what_follows_from_an_illness_does_not_tell_of_it(personas, expert, client_of, monkeypatch):
    """An upper app writes to the record: whoever may not read of illnesses sees an act without its report."""

    def care(event):
        Expert.objects.filter(pk=event.expert.pk).update(is_frontline=True)

    monkeypatch.setattr(effects.on_illness, "handlers", [care])
    report, _ = verify(personas, expert, "serious_illness", text="测试伤病")
    for name, expected in (
        ("officer_haidian", ("严重伤病", f"/experts/changes/{report.uuid}/")),
        ("leader_city", ("", "")),
    ):
        page = client_of(personas[name]).get(at(expert) + "?tab=history")
        assert page.context["history"]["entries"][0].source == expected
        assert ("严重伤病" in body(page), str(report.uuid) in body(page)) == (bool(expected[0]),) * 2


def test_an_origin_that_names_no_report_leads_nowhere(personas, expert, client_of):
    HistoryEvent.objects.create(
        expert=expert, origin="change", reference="no key at all", subject="expert", act="changed",
        changes={"post": ["甲", "乙"]},
    )  # fmt: skip
    page = client_of(personas["officer_haidian"]).get(at(expert) + "?tab=history")
    assert page.context["history"]["entries"][0].source == ("", "")


def test_an_illness_is_told_inside_the_transaction_and_taken_back_with_it(personas, expert, monkeypatch):
    standing = []

    def refuse(event):
        standing.append((transaction.get_connection().in_atomic_block, event.expert, event.by))
        raise ValidationError("不能办理。")

    monkeypatch.setattr(effects.on_illness, "handlers", [refuse])
    report = make_report(personas["officer_haidian"], expert, "serious_illness")
    director = personas["director_haidian"]
    with (
        as_role("liaison_app", director),
        pytest.raises(ValidationError, match="不能办理"),
        transaction.atomic(),
    ):
        changes.verify_change(by=director, report=report, version=expert.version)
    assert standing == [(True, expert, director)]
    assert ChangeReport.objects.get(pk=report.pk).is_waiting
    assert Event.objects.filter(verb=Verb.CONFIRM).count() == 0


# The exit's draft


def test_a_transfer_across_something_drafts_the_exit_from_the_unit_s_roster(personas, expert, client_of):
    enter(expert, "D04")
    _, opened = verify(personas, expert, employer="新示范大学", across=["department", "region"])
    proposal = opened.proposal
    assert (proposal.kind, proposal.unit.code, proposal.state) == ("exit", "D04", "draft")
    assert proposal.drafted_by == personas["director_haidian"]
    assert list(proposal.lines.values_list("expert", "reason", "scope")) == [
        (expert.pk, "cross_region_transfer", "")
    ]  # fmt: skip
    assert "跨区域" in proposal.note
    page = body(client_of(personas["director_haidian"]).get(f"/proposals/{proposal.uuid}/"))
    assert "林中鸟" in page


@pytest.mark.parametrize(("code", "across"), [("D03", ["region"]), ("D04", []), (None, ["region"])])
def test_there_is_nothing_to_draft_off_the_roster_or_within_the_unit(personas, expert, code, across):
    if code:
        enter(expert, code)
    assert verify(personas, expert, employer="新示范大学", across=across)[1].proposal is None


def test_an_exit_under_way_is_not_drafted_twice(personas, expert):
    enter(expert, "D04")
    first = verify(personas, expert, employer="甲", across=["region"])[1].proposal
    assert verify(personas, expert, employer="乙", across=["field"])[1].proposal is None
    director = personas["director_haidian"]
    with as_role("liaison_app", director):
        proposals.withdraw(by=director, proposal=first)
    assert verify(personas, expert, employer="丙", across=["field"])[1].proposal.lines.get().reason == (
        "cross_field_transfer"
    )


def test_who_is_on_the_list_but_keeps_no_roster_verifies_without_a_draft(personas, expert):
    enter(expert, "D04")
    outside = worker("丙", at="D03")
    restrict(expert, personas["officer_haidian"], outside)
    assert verify(personas, expert, by=outside, employer="甲", across=["region"])[1].proposal is None
    assert expert.employer == "甲"


# Asking the new unit


def asked_of(personas, expert, code="D03", **facts):
    return verify(personas, expert, employer="朝阳示范大学", new_unit=unit(code), **facts)[1].takeover


def told():
    return {(m.recipient.username, m.text, m.url) for m in Message.objects.select_related("recipient")}


def test_the_new_unit_is_asked_with_a_message_and_an_item_on_its_worklist(personas, expert, client_of):
    asked = asked_of(personas, expert)
    assert told() == {("officer_chaoyang", transfers.ASKED, LIST)}
    client = client_of(personas["officer_chaoyang"])
    assert "答复接转征询" in body(client.get("/"))
    page = body(client.get(LIST))
    assert ("林中鸟" in page, page_of(asked) in page) == (True, True)
    page = body(client.get(page_of(asked)))
    assert all(text in page for text in ("林中鸟", "朝阳示范大学", "所长", unit("D04").short_name))
    assert expert.record_number not in page
    assert client.get(at(expert)).status_code == 404
    assert "林中鸟" not in body(client.get("/experts/?q=林中鸟")).partition("empty")[2]


def test_nobody_is_asked_about_their_own_or_without_a_unit(personas, expert):
    assert verify(personas, expert, employer="甲", new_unit=unit("D04"))[1].takeover is None
    assert verify(personas, expert, employer="乙", across=["field"])[1].takeover is None
    assert told() == set()


def test_a_second_transfer_withdraws_the_first_question(personas, expert):
    first = asked_of(personas, expert)
    second = asked_of(personas, expert, "U03")
    first.refresh_from_db()
    assert (first.state, first.decided_by) == ("withdrawn", personas["director_haidian"])
    assert list(TakeOver.objects.waiting()) == [second]


def test_a_sensitive_record_is_asked_about_of_the_cleared_only(personas, expert, client_of):
    Expert.objects.filter(pk=expert.pk).update(label=Label.SENSITIVE)
    cleared = worker("丁", at="D03")
    asked = asked_of(personas, expert)
    assert {name for name, *_ in told()} == {cleared.username}
    assert client_of(cleared).get(page_of(asked)).status_code == 200
    assert client_of(personas["officer_chaoyang"]).get(page_of(asked)).status_code == 404


def test_a_restricted_record_is_asked_about_of_nobody_off_its_list(personas, expert, client_of):
    listed, other = worker("甲", at="D03"), worker("乙", at="D03")
    restrict(expert, personas["officer_haidian"], personas["director_haidian"], listed)
    asked = asked_of(personas, expert)
    assert told() == {("甲", transfers.ASKED, at(expert))}
    for user in (other, personas["officer_chaoyang"], personas["staff_city"]):
        client = client_of(user)
        assert client.get(page_of(asked)).status_code == 404
        assert "答复接转征询" not in body(client.get("/"))
        with as_role("liaison_app", user), pytest.raises(PermissionDenied):
            transfers.answer(by=user, takeover=asked, accept=True)
    assert "答复接转征询" in body(client_of(listed).get("/"))


def test_a_record_that_is_restricted_meanwhile_is_out_of_sight_at_once(personas, expert, client_of):
    asked = asked_of(personas, expert)
    restrict(expert, personas["officer_haidian"], personas["director_haidian"])
    assert client_of(personas["officer_chaoyang"]).get(page_of(asked)).status_code == 404


# The answer


def answer(by, asked, accept=True, note=""):
    with as_role("liaison_app", by):
        return transfers.answer(by=by, takeover=asked, accept=accept, note=note)


def sees(user, expert):
    with as_role("liaison_app", user):
        return Expert.objects.filter(pk=expert.pk).exists()


def test_accepting_moves_the_record_confirms_the_unit_and_drafts_the_admission(personas, expert):
    asked = asked_of(personas, expert)
    officer = personas["officer_chaoyang"]
    proposal = answer(officer, asked)
    expert.refresh_from_db()
    assert (expert.unit, expert.unit_order) == (unit("D03"), unit("D03").order)
    found = confirmation_of(expert, "unit")
    assert (found.on, found.by_id, found.source) == (timezone.localdate(), officer.pk, Source.CHANGE)
    assert (proposal.kind, proposal.unit.code, proposal.state, proposal.drafted_by) == (
        "admit", "D03", "draft", officer,
    )  # fmt: skip
    event = HistoryEvent.objects.get(expert=expert, changes__has_key="unit")
    assert (event.origin, event.by) == (Origin.CHANGE, officer)
    assert Event.objects.filter(reference=expert.record_number, fields=["takeover"]).count() == 2


def test_the_old_unit_loses_sight_when_its_roster_does_not_have_the_expert(personas, expert):
    answer(personas["officer_chaoyang"], asked_of(personas, expert))
    assert not sees(personas["officer_haidian"], expert)
    assert all(sees(personas[name], expert) for name in ("officer_chaoyang", "staff_city"))
    assert Holder.objects.count() == 0


def test_the_old_unit_keeps_sight_until_the_exit_from_its_roster_is_approved(personas, expert):
    enter(expert, "D04")
    officer, director = personas["officer_haidian"], personas["director_haidian"]
    hold(expert, "D03")
    _, opened = verify(personas, expert, employer="甲", across=["region"], new_unit=unit("D03"))
    answer(personas["officer_chaoyang"], opened.takeover)
    assert [holder.unit.code for holder in Holder.objects.all()] == ["D04"]
    assert (sees(officer, expert), sees(director, expert)) == (True, True)
    with as_role("liaison_app", officer):
        proposals.submit(by=officer, proposal=opened.proposal)
    with as_role("liaison_app", director):
        proposals.review(by=director, proposal=opened.proposal)
        proposals.approve(by=director, proposal=opened.proposal)
    assert Proposal.objects.get(pk=opened.proposal.pk).state == "approved"
    assert (sees(officer, expert), sees(director, expert)) == (False, False)


def test_the_approver_who_loses_sight_with_the_exit_is_led_on(personas, expert, client_of):
    enter(expert, "D04")
    officer, director = personas["officer_haidian"], personas["director_haidian"]
    _, opened = verify(
        personas, expert, by="staff_city", employer="甲", across=["region"], new_unit=unit("D03")
    )
    answer(personas["officer_chaoyang"], opened.takeover)
    act = f"/proposals/{opened.proposal.uuid}/act/"
    assert client_of(officer).post(act, {"step": "submit"}).status_code == 302
    client = client_of(director)
    client.post(act, {"step": "review"}, follow=True)
    answered = client.post(act, {"step": "approve"}, follow=True)
    assert (answered.status_code, said(answered)) == (200, ["已批准，名单已更新。"])


def test_who_was_on_the_new_unit_s_roster_before_is_readmitted(personas, expert):
    yesterday = timezone.localdate() - timedelta(days=1)
    enter(expert, "D03", since=yesterday - timedelta(days=9), until=yesterday)
    proposal = answer(personas["officer_chaoyang"], asked_of(personas, expert))
    assert proposal.kind == "readmit"


def test_who_is_on_the_new_unit_s_roster_already_needs_no_proposal(personas, expert):
    enter(expert, "D03")
    assert answer(personas["officer_chaoyang"], asked_of(personas, expert)) is None


def test_declining_says_why_and_changes_nothing(personas, expert):
    asked = asked_of(personas, expert)
    officer = personas["officer_chaoyang"]
    with pytest.raises(ValidationError, match="写明原因"):
        answer(officer, asked, accept=False, note=" ")
    with pytest.raises(ValidationError, match="密级"):
        answer(officer, asked, accept=False, note="绝密★")
    Message.objects.all().delete()
    answer(officer, asked, accept=False, note="不属本区联系范围")
    asked.refresh_from_db()
    assert (asked.state, asked.note, asked.decided_by) == ("declined", "不属本区联系范围", officer)
    assert Expert.objects.get(pk=expert.pk).unit == unit("D04")
    assert told() == {
        (name, transfers.DECLINED, page_of(asked)) for name in ("officer_haidian", "director_haidian")
    }
    with as_role("liaison_app", officer):
        assert not TakeOver.objects.filter(pk=asked.pk).exists()


def test_the_old_unit_is_told_of_the_answer_and_led_where_it_may_go(personas, expert):
    asked = asked_of(personas, expert)
    Message.objects.all().delete()
    answer(personas["officer_chaoyang"], asked)
    assert told() == {(name, transfers.ACCEPTED, LIST) for name in ("officer_haidian", "director_haidian")}


def test_another_person_answers_than_who_asked(personas, expert):
    asked = verify(
        personas, expert, by="staff_city", employer="朝阳示范大学", new_unit=unit("D03")
    )[1].takeover  # fmt: skip
    with pytest.raises(ValidationError, match="另一人答复"):
        answer(personas["staff_city"], asked)
    answer(personas["cleared_city"], asked)


@pytest.mark.parametrize(
    "name", ["officer_haidian", "director_haidian", "leader_city", "sysadmin", "no_role"]
)
@pytest.mark.parametrize("accept", [True, False])
def test_who_keeps_no_records_of_the_new_unit_does_not_answer(personas, expert, name, accept):
    asked = asked_of(personas, expert)
    with pytest.raises(PermissionDenied):
        answer(personas[name], asked, accept=accept, note="x")
    assert TakeOver.objects.get(pk=asked.pk).is_waiting


def test_the_second_answer_is_told_that_there_was_one(personas, expert):
    asked = asked_of(personas, expert)
    answer(personas["officer_chaoyang"], asked)
    for by in (personas["officer_chaoyang"], personas["staff_city"]):
        with pytest.raises(ValidationError, match="已经办理过"):
            answer(by, asked)


def test_nobody_takes_over_the_dead_and_a_death_ends_the_question(personas, expert):
    asked = asked_of(personas, expert)
    officer = personas["officer_haidian"]
    with as_role("liaison_app", officer):
        register_death(by=officer, expert=expert, died_on=timezone.localdate(), source="讣告")
    assert TakeOver.objects.get(pk=asked.pk).state == "withdrawn"
    TakeOver.objects.filter(pk=asked.pk).update(state="waiting", decided_by=None, decided_at=None)
    with pytest.raises(ValidationError, match="已登记去世"):
        answer(personas["officer_chaoyang"], asked)


def test_a_restricted_record_is_taken_over_by_a_person_on_its_list(personas, expert):
    listed = worker("甲", at="D03")
    restrict(expert, personas["officer_haidian"], personas["director_haidian"], listed)
    answer(listed, asked_of(personas, expert))
    expert.refresh_from_db()
    assert (expert.unit, expert.label) == (unit("D03"), Label.RESTRICTED)
    assert sees(personas["officer_chaoyang"], expert) is False
    assert sees(personas["officer_haidian"], expert) is True


def test_withdrawing_takes_it_off_the_other_unit_s_list(personas, expert, client_of):
    asked = asked_of(personas, expert)
    assert client_of(personas["leader_city"]).post(page_of(asked, "withdraw")).status_code == 403
    answered = client_of(personas["officer_haidian"]).post(page_of(asked, "withdraw"), follow=True)
    assert said(answered) == ["已撤回征询。"]
    assert client_of(personas["officer_chaoyang"]).get(page_of(asked)).status_code == 404
    with as_role("liaison_app", personas["officer_haidian"]), pytest.raises(ValidationError):
        transfers.withdraw(by=personas["officer_haidian"], takeover=asked)


# The pages


def test_from_the_change_to_the_answer_in_the_pages(personas, expert, client_of):
    enter(expert, "D04")
    report = make_report(
        personas["officer_haidian"], expert, employer="朝阳示范大学", across=["region"], new_unit=unit("D03")
    )
    director = client_of(personas["director_haidian"])
    verified = director.post(
        f"/experts/changes/{report.uuid}/decide/", {"decision": "effective", "version": 1}, follow=True
    )
    proposal, asked = Proposal.objects.get(kind="exit", state="draft"), TakeOver.objects.get()
    assert said(verified) == [
        f"已核实，变动已生效。已起草退出提案 {proposal.number}，请核对后提交，或撤回。"
        f"已征询{unit('D03').short_name}是否接着联系。"
    ]
    assert all(url in body(verified) for url in (page_of(asked), f"/proposals/{proposal.uuid}/"))
    chaoyang = client_of(personas["officer_chaoyang"])
    refused = chaoyang.post(page_of(asked, "answer"), {"decision": "decline"})
    assert (refused.status_code, field_errors(refused)) == (
        422, {"note": ["不接转的，请写明原因，对方单位据此安排。"]},
    )  # fmt: skip
    assert chaoyang.post(page_of(asked, "answer"), {"decision": "nonsense"}).status_code == 422
    accepted = chaoyang.post(page_of(asked, "answer"), {"decision": "accept"}, follow=True)
    admitted = Proposal.objects.get(kind="admit", drafted_by=personas["officer_chaoyang"])
    assert accepted.request["PATH_INFO"] == at(expert)
    assert said(accepted) == [
        "已接转，这位专家由您单位联系。", f"已起草纳入提案 {admitted.number}，请核对后提交。",
    ]  # fmt: skip
    assert "已接转" in body(director.get(page_of(asked)))


@pytest.mark.parametrize("box", ["", "mine", "sent", "accepted", "declined", "withdrawn", "nonsense"])
def test_the_list_opens_in_every_box(personas, expert, client_of, box):
    make_takeover(personas["officer_haidian"], expert)
    page = client_of(personas["officer_haidian"]).get(f"{LIST}?box={box}")
    assert [asked.name for asked, _ in page.context["rows"]] == (["林中鸟"] if box == "sent" else [])


def test_pages_take_the_same_statements_at_one_row_and_at_three(personas, expert, client_of):
    client = client_of(personas["officer_chaoyang"])
    client.get(LIST)
    pages = [LIST, f"{LIST}?box=sent", page_of(make_takeover(personas["officer_haidian"], expert))]
    one = [len(queries(client, page)) for page in pages]
    for name in "丁戊":
        make_takeover(personas["officer_haidian"], make_expert(name))
    three = [len(queries(client, page)) for page in pages]
    assert one == three
    assert three == [5, 5, 8], three


# The database

ANSWER = "SELECT experts_answer_takeover(%s, {}, 'x', '', '', '')"
NOBODY = "00000000-0000-4000-8000-0000000000ab"


@pytest.mark.parametrize("accepts", ["true", "false", "NULL"])
def test_the_function_answers_nobody_else(personas, expert, accepts, sql):
    asked = make_takeover(personas["officer_haidian"], expert)
    hidden = make_takeover(personas["officer_haidian"], restrict(make_expert("限"), personas["cleared_city"]))
    for name, keys in (
        ("officer_haidian", [asked]),
        ("officer_chaoyang", [hidden]),
        ("leader_city", [asked]),
    ):
        for key in (*(each.uuid for each in keys), NOBODY):
            with as_role("liaison_app", personas[name]):
                assert sql(ANSWER.format(accepts), key) == [("unknown",)]


@pytest.mark.parametrize("change", [
    {"state": "accepted"},
    {"state": "withdrawn", "note": "改写"},
    {"state": "withdrawn", "decided_by": "staff_city"},
    {"unit": "U03"},
    {"name": "改写"},
])  # fmt: skip
def test_nobody_answers_or_rewrites_by_hand(personas, expert, change):
    asked = make_takeover(personas["officer_haidian"], expert)
    officer = personas["officer_haidian"]
    facts = {"decided_by": officer, "decided_at": timezone.now()} | change
    facts |= (
        {"decided_by": personas.get(facts["decided_by"], officer)}
        if isinstance(facts["decided_by"], str)
        else {}
    )
    facts |= {"unit": unit("U03")} if "unit" in change else {}
    with as_role("liaison_app", officer), pytest.raises(DatabaseError), transaction.atomic():
        TakeOver.objects.filter(pk=asked.pk).update(**facts)


@pytest.mark.parametrize("facts", [
    {"asked_by": "director_haidian"},
    {"unit": "U03"},
    {"state": "accepted", "decided_by": "director_haidian"},
])  # fmt: skip
def test_nobody_asks_in_anothers_name_or_without_a_report(personas, expert, facts):
    officer = personas["officer_haidian"]
    report = make_report(officer, expert, new_unit=unit("D03"))
    values = {
        "unit": unit("D03"),
        "asked_by": officer,
        "report": report,
        "from_unit": expert.unit,
        "name": "x",
    }
    values |= {name: personas.get(value, value) for name, value in facts.items()}
    values |= {"unit": unit("U03")} if "unit" in facts else {}
    values |= {"decided_at": timezone.now()} if "decided_by" in facts else {}
    with as_role("liaison_app", officer), pytest.raises(DatabaseError), transaction.atomic():
        TakeOver.objects.create(expert=expert, **values)


def test_asking_about_a_hidden_record_fails_like_asking_about_a_missing(personas, expert):
    insert = (
        "INSERT INTO experts_takeover (uuid, expert_id, report_id, unit_id, from_unit_id, name, employer,"
        " post, title, asked_by_id, asked_at, state, note) VALUES"
        " (gen_random_uuid(), %s, 1, {0}, {0}, 'x', '', '', '', {1}, now(), 'waiting', '')"
    ).format(unit("D03").pk, personas["officer_chaoyang"].pk)
    with as_role("liaison_app", personas["officer_chaoyang"]):
        of_hidden = failure(insert, expert.pk)
        assert of_hidden == failure(insert, 10**15)
        assert of_hidden[0] == "42501"


def test_the_heads_of_the_new_unit_are_asked_too(personas, expert):
    boss = head(at="D03")
    asked_of(personas, expert)
    assert {name for name, *_ in told()} == {"officer_chaoyang", boss.username}


def test_every_kind_still_has_its_effect():
    assert set(changes.EFFECTS) == set(ChangeKind)
