"""二（二）: a change is reported by one person, verified by another, and takes effect all or nothing."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from audit.models import Event
from audit.verbs import Verb
from experts import effects
from experts.actions import changes as actions
from experts.actions import register
from experts.enums import ChangeKind, Scope
from experts.errors import StaleSave
from experts.models import Award, ChangeReport, Expert, Honour
from experts.search import matching
from liaison.reference import rows
from tests.factories import hold, make_expert, make_report, restrict, unit
from tests.roles import as_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def expert():
    return make_expert("林中鸟", employer="示范研究所", post="所长")


@pytest.fixture
def happened(monkeypatch):
    """What was told to whoever registers for effects."""
    told = []
    for effect in (effects.on_transfer, effects.on_illness):
        monkeypatch.setattr(effect, "handlers", [told.append])
    return told


def facts(**given):
    return {"happened_on": timezone.localdate(), "source": "单位来函"} | given


def report(by, expert, kind="transfer", **given):
    with as_role("liaison_app", by):
        return actions.report_change(by=by, expert=expert, kind=ChangeKind(kind), facts=facts(**given))


def verify(by, reported, version=None):
    now = Expert.objects.get(pk=reported.expert_id).version
    with as_role("liaison_app", by):
        actions.verify_change(by=by, report=reported, version=now if version is None else version)


def act(by, verb, reported, **given):
    with as_role("liaison_app", by):
        getattr(actions, f"{verb}_change")(by=by, report=reported, **given)


def failure(act, *args, **given):
    with pytest.raises(ValidationError) as refused, transaction.atomic():
        act(*args, **given)
    return refused.value.messages


def standing(reported):
    return ChangeReport.objects.values_list("state", "decided_by__username").get(pk=reported.pk)


def test_the_kinds_are_those_of_the_file():
    assert [(row["code"], row["name"]) for row in rows("change_kinds")] == ChangeKind.choices
    assert [row["code"] for row in rows("change_kinds") if row["sensitive"] == "yes"] == ["serious_illness"]


def test_every_kind_has_an_effect():
    assert set(actions.EFFECTS) == set(ChangeKind)


def test_a_report_changes_nothing_until_another_person_verifies_it(
    officer_haidian, director_haidian, expert, happened
):
    reported = report(officer_haidian, expert, employer="新示范大学", post="教授")
    expert.refresh_from_db()
    assert (expert.employer, expert.version) == ("示范研究所", 1)
    assert "新示范大学" not in str(list(Event.objects.values_list("fields", "reason", "counts")))
    assert Event.objects.get(verb=Verb.REQUEST).fields == ["changes"]

    verify(director_haidian, reported)

    expert.refresh_from_db()
    assert (expert.employer, expert.post, expert.version) == ("新示范大学", "教授", 2)
    assert [each.pk for each in matching(Expert.objects.all(), "新示范大学", director_haidian)] == [expert.pk]
    assert standing(reported) == ("effective", "director_haidian")
    assert Event.objects.get(verb=Verb.CONFIRM).reference == expert.record_number
    assert happened == []


def test_what_a_transfer_leaves_out_stays(officer_haidian, director_haidian, expert):
    verify(director_haidian, report(officer_haidian, expert, employer="新示范大学"))
    assert Expert.objects.get(pk=expert.pk).post == "所长"


@pytest.mark.parametrize("given", [{"across": ["region", "field"]}, {"across": []}])
@pytest.mark.parametrize("code", ["D03", None])
def test_a_transfer_across_something_or_to_a_unit_is_told(
    officer_haidian, director_haidian, expert, happened, given, code
):
    new_unit = unit(code) if code else None
    verify(director_haidian, report(officer_haidian, expert, employer="新单位", new_unit=new_unit, **given))
    told = effects.Transferred(expert, director_haidian, frozenset(given["across"]), new_unit)
    assert happened == ([told] if code or given["across"] else [])
    assert not happened or happened[0].expert.employer == "新单位"


def test_an_illness_is_told_and_changes_nothing_else(officer_haidian, director_haidian, expert, happened):
    verify(director_haidian, report(officer_haidian, expert, "serious_illness", text="测试伤病"))
    assert happened == [effects.FellIll(expert, director_haidian)]
    assert Expert.objects.get(pk=expert.pk).version == 1


def test_an_achievement_stays_as_a_note(officer_haidian, director_haidian, expert, happened):
    reported = report(officer_haidian, expert, "major_achievement", text="测试成果")
    verify(director_haidian, reported)
    assert (standing(reported)[0], happened) == ("effective", [])


@pytest.mark.parametrize(("code", "text", "state"), [
    ("STATE_ALLOWANCE", "", "recorded"), ("MUNICIPAL_AWARD", "示范奖", "verified"),
])  # fmt: skip
def test_a_verified_award_is_an_honour_and_makes_key(
    officer_haidian, director_haidian, expert, code, text, state
):
    honour = Honour.objects.get(code=code)
    reported = report(
        officer_haidian, expert, "award", honour=honour, text=text, year=2026, document="证字1号"
    )
    verify(director_haidian, reported)
    award = Award.objects.get(expert=expert)
    assert (award.honour, award.text, award.year, award.document, award.state) == (
        honour, text, 2026, "证字1号", state,
    )  # fmt: skip
    assert Expert.objects.get(pk=expert.pk).scope == Scope.KEY


# What cannot take effect says so, and nothing is half-saved


def test_an_honour_that_is_there_already(officer_haidian, director_haidian):
    expert = make_expert("林中鸟", awards=["CAS"])
    reported = report(officer_haidian, expert, "award", honour=Honour.objects.get(code="CAS"))
    assert failure(verify, director_haidian, reported) == ["这一称号已经登记过了，请直接修改原有记录。"]
    assert (standing(reported), Award.objects.count()) == (("reported", None), 1)


def test_a_record_that_somebody_saved_meanwhile(officer_haidian, director_haidian, expert):
    reported = report(officer_haidian, expert, employer="新示范大学")
    register.update_expert(by=officer_haidian, expert=expert, version=1, facts={"employer": "另一单位"})
    with pytest.raises(StaleSave), transaction.atomic():
        verify(director_haidian, reported, version=1)
    assert (standing(reported), Expert.objects.get().employer) == (("reported", None), "另一单位")


def test_an_effect_that_fails_takes_all_of_it_back(officer_haidian, director_haidian, expert, monkeypatch):
    def refuse(event):
        raise ValidationError("不能办理。")

    monkeypatch.setattr(effects.on_transfer, "handlers", [refuse])
    reported = report(officer_haidian, expert, employer="新示范大学", across=["region"])
    assert failure(verify, director_haidian, reported) == ["不能办理。"]
    assert (standing(reported), Expert.objects.get().employer) == (("reported", None), "示范研究所")
    assert Event.objects.filter(verb__in=[Verb.CONFIRM, Verb.CHANGE]).count() == 0


# Who decides


def test_nobody_decides_their_own_report(officer_haidian, expert):
    reported = report(officer_haidian, expert, employer="新示范大学")
    assert failure(verify, officer_haidian, reported) == [actions.OWN]
    assert failure(act, officer_haidian, "refuse", reported, note="不属实") == [actions.OWN]


@pytest.mark.parametrize("name", ["officer_chaoyang", "leader_city", "sysadmin", "no_role"])
@pytest.mark.parametrize("verb", ["verify", "refuse", "withdraw"])
def test_who_may_not_change_the_record_decides_nothing(personas, expert, name, verb):
    reported = report(personas["officer_haidian"], expert, employer="新示范大学")
    given = {"verify": {"version": 1}, "refuse": {"note": "不属实"}, "withdraw": {}}[verb]
    with pytest.raises(PermissionDenied), transaction.atomic():
        act(personas[name], verb, reported, **given)


def test_a_holder_reads_a_report_and_decides_nothing(personas, expert):
    hold(expert, "D03")
    reported = report(personas["officer_haidian"], expert, employer="新示范大学")
    user = personas["officer_chaoyang"]
    assert list(ChangeReport.objects.visible_to(user)) == [reported]
    with pytest.raises(PermissionDenied), transaction.atomic():
        verify(user, reported)


def test_a_decided_report_stays_and_is_not_decided_again(officer_haidian, director_haidian, expert):
    refused = report(officer_haidian, expert, employer="甲")
    withdrawn = report(officer_haidian, expert, employer="乙")
    assert failure(act, director_haidian, "refuse", refused, note=" ") == ["请写明不予采纳的理由。"]
    assert failure(act, director_haidian, "refuse", refused, note="绝密★") == [actions.MARKED]
    act(director_haidian, "refuse", refused, note="不属实")
    with pytest.raises(PermissionDenied), transaction.atomic():
        act(director_haidian, "withdraw", withdrawn)
    act(officer_haidian, "withdraw", withdrawn)
    assert standing(refused) == ("refused", "director_haidian")
    assert standing(withdrawn) == ("withdrawn", "officer_haidian")
    for reported in (refused, withdrawn):
        assert failure(verify, director_haidian, reported) == [actions.DECIDED]
    assert Expert.objects.get(pk=expert.pk).employer == "示范研究所"
    assert [event.result for event in Event.objects.filter(verb=Verb.CONFIRM)] == ["refused"]


# Illness


def test_an_illness_is_stored_encrypted_and_shown_on_the_record(
    officer_haidian, director_haidian, expert, sql
):
    reported = report(officer_haidian, expert, "serious_illness", text="测试伤病")
    stored = sql("SELECT to_jsonb(report)::text FROM experts_changereport report")[0][0]
    assert ("测试伤病" in stored, "测试伤病".encode().hex() in stored) == (False, False)
    with as_role("liaison_app", director_haidian):
        shown = actions.reveal_illness(by=director_haidian, report=reported, reason="安排看望")
    assert shown == "测试伤病"
    event = Event.objects.get(verb=Verb.REVEAL)
    assert (event.fields, event.reason) == (["changes", "health"], "安排看望")


@pytest.mark.parametrize("reason", ["", " ", "密级：秘密"])
def test_showing_needs_a_reason(director_haidian, officer_haidian, expert, reason):
    reported = report(officer_haidian, expert, "serious_illness", text="测试伤病")
    failure(actions.reveal_illness, by=director_haidian, report=reported, reason=reason)
    assert Event.objects.filter(verb=Verb.REVEAL).count() == 0


def test_who_may_not_read_of_illnesses_does_not_learn_of_one(leader_city, officer_haidian, expert):
    reported = report(officer_haidian, expert, "serious_illness", text="测试伤病")
    seen = report(officer_haidian, expert, employer="新示范大学")
    assert list(ChangeReport.objects.visible_to(leader_city)) == [seen]
    with as_role("liaison_app", leader_city):
        assert list(ChangeReport.objects.all()) == [seen]
        with pytest.raises(PermissionDenied):
            actions.reveal_illness(by=leader_city, report=reported, reason="安排看望")


def test_reporting_about_a_record_out_of_reach_is_refused(personas, expert):
    restricted = restrict(make_expert("限知悉"), personas["cleared_city"])
    for name, one in (("officer_chaoyang", expert), ("leader_city", expert), ("officer_haidian", restricted)):
        with pytest.raises(PermissionDenied), transaction.atomic():
            report(personas[name], one, employer="新示范大学")


# The second lock


def test_the_database_keeps_the_facts_of_a_report(officer_haidian, director_haidian, expert):
    reported = report(officer_haidian, expert, employer="新示范大学")
    mine = ChangeReport.objects.filter(pk=reported.pk)
    decided = {"state": "effective", "decided_at": timezone.now()}
    for user, change in (
        (director_haidian, decided | {"decided_by": director_haidian, "employer": "改写"}),
        (director_haidian, {"employer": "改写"}),
        (director_haidian, decided | {"decided_by": officer_haidian}),
        (officer_haidian, decided | {"decided_by": officer_haidian}),
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), as_role("liaison_app", user):
            mine.update(**change)
    verify(director_haidian, reported)
    with as_role("liaison_app", director_haidian):
        assert mine.update(note="事后") == 0
    with pytest.raises(ProgrammingError), transaction.atomic(), as_role("liaison_app", officer_haidian):
        mine.delete()


def test_nobody_reports_in_anothers_name_or_already_decided(officer_haidian, director_haidian, expert):
    for given in (
        {"reported_by": director_haidian},
        {"state": "effective", "decided_by": director_haidian, "decided_at": timezone.now()},
    ):
        row = ChangeReport(**{"expert": expert, "kind": "transfer", "reported_by": officer_haidian}
                           | facts(employer="甲") | given)  # fmt: skip
        with pytest.raises(DatabaseError), transaction.atomic(), as_role("liaison_app", officer_haidian):
            row.save(force_insert=True)


def test_a_report_about_a_hidden_record_fails_like_one_about_a_missing(officer_chaoyang, expert):
    failures = []
    for key in (expert.pk, 10**15):
        row = ChangeReport(
            expert_id=key, kind="transfer", reported_by=officer_chaoyang, **facts(employer="甲")
        )
        with (
            as_role("liaison_app", officer_chaoyang),
            pytest.raises(DatabaseError) as failed,
            transaction.atomic(),
        ):
            row.save(force_insert=True)
        failures.append((type(failed.value), str(failed.value).split("\n")[0]))
    assert failures[0] == failures[1]


@pytest.mark.parametrize("change", [
    {"employer": ""},
    {"kind": "post_change", "employer": ""},
    {"kind": "serious_illness"},
    {"kind": "award"},
    {"kind": "major_achievement"},
    {"ciphertext": b"x", "key_id": "x"},
    {"decided_at": timezone.now()},
    {"state": "withdrawn"},
])  # fmt: skip
def test_a_report_is_whole_by_constraint(officer_haidian, expert, change):
    reported = make_report(officer_haidian, expert)
    with pytest.raises(IntegrityError), transaction.atomic():
        ChangeReport.objects.filter(pk=reported.pk).update(**change)


def test_four_eyes_hold_by_constraint(officer_haidian, director_haidian, expert):
    reported = ChangeReport.objects.filter(pk=make_report(officer_haidian, expert).pk)
    now = timezone.now()
    for state, by in (
        ("effective", officer_haidian),
        ("refused", officer_haidian),
        ("withdrawn", director_haidian),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            reported.update(state=state, decided_by=by, decided_at=now, note="x")


def test_the_copies_follow_a_holder(officer_haidian, officer_chaoyang, expert):
    reported = make_report(officer_haidian, expert)
    hold(expert, "D03")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT report.held = expert.held FROM experts_changereport report"
            " JOIN experts_expert expert ON expert.id = expert_id"
        )
        assert cursor.fetchall() == [(True,)]
    with as_role("liaison_app", officer_chaoyang):
        assert list(ChangeReport.objects.all()) == [reported]


def test_the_day_is_kept(officer_haidian, expert):
    yesterday = timezone.localdate() - timedelta(days=1)
    reported = report(officer_haidian, expert, employer="甲", happened_on=yesterday)
    assert ChangeReport.objects.get(pk=reported.pk).happened_on == yesterday
