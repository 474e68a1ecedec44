"""The import command: the six rosters give exactly their truth, a second import changes nothing."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from audit.models import Event
from experts.enums import Label, Scope
from experts.models import Award, Expert, Honour, SensitiveValue
from experts.sensitive import opened
from tests.factories import make_expert, make_sensitive, restrict
from tests.roles import as_role

pytestmark = pytest.mark.django_db
ROSTERS = Path(__file__).resolve().parent.parent / "rosters"
FILES = sorted(path for path in ROSTERS.iterdir() if path.suffix != ".json")


def run(path, by, *flags, unit="D04"):
    """The command's answer, with the rights of liaison_app as in production."""
    out = StringIO()
    with as_role("liaison_app", by):
        call_command(
            "import_roster", str(path), "--unit", unit, "--by", by.username, "--json", *flags, stdout=out
        )
    return json.loads(out.getvalue())


def csv_of(tmp_path, *lines, name="名册.csv"):
    path = tmp_path / name
    path.write_text(
        "姓名,性别,出生年月,身份证号,工作单位,职务,荣誉称号,联系电话\n" + "\n".join(lines), encoding="utf-8"
    )
    return path


def actions(answer):
    return [person["action"] for person in answer["people"]]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_roster_gives_exactly_its_truth(path, officer_haidian):
    truth = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    answer = run(path, officer_haidian)
    found = [
        {key: person[key] for key in ("row", "name", "birth", "employer", "honours", "scope")}
        for person in answer["people"]
    ]
    assert found == [
        {key: person[key] for key in ("row", "name", "birth", "employer", "honours", "scope")}
        for person in truth["people"]
    ]
    rejected = sorted((row["row"], row["column"]) for row in answer["rejected"])
    assert rejected == sorted((row["row"], row["field"]) for row in truth["rejected"])
    assert answer["duplicates"] == truth["duplicates"]
    assert answer["rows"] == truth["counts"]["rows"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_same_file_twice_changes_nothing_and_says_so(path, officer_haidian):
    first = run(path, officer_haidian, "--commit")
    before = list(Expert.objects.order_by("pk").values())
    second = run(path, officer_haidian, "--commit")
    assert set(actions(first)) == {"create"}
    assert set(actions(second)) == {"unchanged"}
    assert list(Expert.objects.order_by("pk").values()) == before


def test_without_commit_nothing_is_written(officer_haidian):
    run(ROSTERS / "plain_7.xlsx", officer_haidian)
    assert not Expert.objects.exists()


def test_the_register_holds_what_the_answer_said(officer_haidian):
    answer = run(ROSTERS / "merged_7.xlsx", officer_haidian, "--commit")
    stored = {
        (expert.name, expert.birth.strftime("%Y-%m"), expert.employer): expert
        for expert in Expert.objects.prefetch_related("awards__honour")
    }
    assert len(stored) == len(answer["people"])
    for person in answer["people"]:
        expert = stored[person["name"], person["birth"], person["employer"]]
        assert sorted(award.honour.code for award in expert.awards.all()) == person["honours"]
        assert expert.scope == person["scope"]
        assert expert.unit.code == "D04"


def test_sensitive_values_arrive_encrypted_and_whole(officer_haidian, tmp_path):
    run(
        csv_of(tmp_path, "阎知勇,男,198510,110105198510104635,城北医院,董事长,,13773704457"),
        officer_haidian,
        "--commit",
    )
    expert = Expert.objects.get()
    values = {value.field: value for value in SensitiveValue.objects.all()}
    assert {field: opened(expert, value) for field, value in values.items()} == {
        "id_number": "110105198510104635",
        "phone": "13773704457",
    }
    assert b"110105" not in b"".join(bytes(value.ciphertext) for value in values.values())


def test_new_people_are_found_by_name_pinyin_initials_and_employer(officer_haidian, tmp_path):
    from experts.search import matching

    run(csv_of(tmp_path, "曾雨晴,女,1985-10-18,,示范大学物理学院,,,"), officer_haidian, "--commit")
    for text in ("曾雨晴", "雨晴", "zengyuqing", "zyq", "物理学院"):
        assert [expert.name for expert in matching(Expert.objects.all(), text, officer_haidian)] == [
            "曾雨晴"
        ], text


def test_an_update_shows_and_writes_only_what_differs(officer_haidian, tmp_path):
    run(csv_of(tmp_path, "张一,男,198510,110105198510104635,城北医院,主任,,"), officer_haidian, "--commit")
    path = csv_of(tmp_path, "张一,男,198510,110105198510104635,城北医院,院长,享受政府特殊津贴专家（2018）,")
    assert actions(run(path, officer_haidian, "--commit")) == ["update"]
    expert = Expert.objects.get()
    assert (expert.post, expert.scope, expert.version) == ("院长", Scope.KEY, 2)
    assert [(award.honour.code, award.year) for award in Award.objects.select_related("honour")] == [
        ("STATE_ALLOWANCE", 2018)
    ]


def test_an_empty_cell_clears_nothing(officer_haidian, tmp_path):
    run(
        csv_of(tmp_path, "张一,男,198510,110105198510104635,城北医院,主任,中国科学院院士,13800000000"),
        officer_haidian,
        "--commit",
    )
    assert actions(run(csv_of(tmp_path, "张一,,,110105198510104635,,,,"), officer_haidian, "--commit")) == [
        "unchanged"
    ]
    assert Expert.objects.get().post == "主任"


def test_the_same_id_number_under_another_name_is_held(officer_haidian, tmp_path):
    run(csv_of(tmp_path, "张一,男,198510,110105198510104635,城北医院,主任,,"), officer_haidian, "--commit")
    answer = run(csv_of(tmp_path, "李二,男,198510,110105198510104635,城北医院,主任,,"), officer_haidian)
    assert [(row["row"], row["column"]) for row in answer["rejected"]] == [(2, "id_number")]


def test_two_valid_id_numbers_never_merge(officer_haidian, tmp_path):
    run(csv_of(tmp_path, "张一,男,198510,110105198510104635,城北医院,主任,,"), officer_haidian, "--commit")
    answer = run(
        csv_of(tmp_path, "张一,男,198510,110105198510100239,城北医院,主任,,"), officer_haidian, "--commit"
    )
    assert actions(answer) == ["create"]
    assert Expert.objects.count() == 2


def test_a_name_alone_never_merges_two_people(officer_haidian, tmp_path):
    run(csv_of(tmp_path, "张一,男,198510,,城北医院,主任,,"), officer_haidian, "--commit")
    assert actions(run(csv_of(tmp_path, "张一,男,198511,,城北医院,主任,,"), officer_haidian)) == ["create"]
    assert actions(run(csv_of(tmp_path, "张一,男,198510,,北方剧院,主任,,"), officer_haidian)) == ["create"]
    assert actions(run(csv_of(tmp_path, "张一,男,198510,,城北医院,主任,,"), officer_haidian)) == ["unchanged"]


def test_a_hidden_duplicate_changes_nothing_in_the_answer(officer_haidian, cleared_city, tmp_path):
    path = csv_of(tmp_path, "张一,男,198510,110105198510104635,城北医院,主任,,")
    without = run(path, officer_haidian)
    hidden = make_expert("李二", birth="1985-10-01", employer="城北医院")
    make_sensitive(hidden, text="110105198510104635")
    restrict(hidden, cleared_city)
    assert run(path, officer_haidian, "--commit") == without
    hidden.refresh_from_db()
    assert (hidden.name, hidden.version) == ("李二", 1)


def test_programmes_that_are_sensitive_by_default_label_the_record(
    officer_haidian, officer_chaoyang, tmp_path
):
    path = csv_of(tmp_path, "张一,男,198510,,城北医院,主任,千人计划,")
    run(path, officer_haidian, "--commit")
    run(path, officer_chaoyang, "--commit", unit="D03")
    assert dict(Expert.objects.values_list("unit__code", "label")) == {
        "D04": Label.SENSITIVE,
        "D03": Label.INTERNAL,
    }


def test_a_foreign_academician_with_a_passport_works_in_beijing_unless_stated(officer_haidian, tmp_path):
    line = "John Smith,男,1960-01-02,E12345678,示范大学,教授,中国科学院院士,"
    assert run(csv_of(tmp_path, line), officer_haidian, "--commit")["people"][0]["scope"] == "key"
    expert = Expert.objects.get()
    assert (expert.name, expert.works_in_beijing) == ("John Smith", True)


def test_nobody_imports_beyond_their_reach(officer_chaoyang, leader_city):
    for user in (officer_chaoyang, leader_city):
        with pytest.raises(CommandError):
            run(ROSTERS / "plain_7.xlsx", user)


def test_an_import_leaves_one_audit_event_with_counts_and_digest(officer_haidian):
    run(ROSTERS / "plain_7.xlsx", officer_haidian, "--commit")
    (event,) = Event.objects.filter(verb="import")
    assert (event.username, event.counts["create"], len(event.counts["sm3"])) == ("officer_haidian", 111, 64)


def test_the_stored_scope_is_what_the_rule_decides_again(officer_haidian):
    from experts.actions.scoping import recompute

    run(ROSTERS / "xls_7.xls", officer_haidian, "--commit")
    before = dict(Expert.objects.values_list("pk", "scope_basis"))
    assert recompute(Expert.objects.all())[1] == 0
    assert dict(Expert.objects.values_list("pk", "scope_basis")) == before


def test_a_catalogue_change_is_heeded_at_once(officer_haidian, tmp_path):
    Honour.objects.filter(code="CAS").update(valid_until="2020-01-01")
    answer = run(csv_of(tmp_path, "张一,男,198510,,城北医院,主任,中国科学院院士,"), officer_haidian)
    assert answer["people"][0]["scope"] == "general"


def test_a_year_that_was_missing_is_an_update(officer_haidian, tmp_path):
    run(csv_of(tmp_path, "张一,男,198510,,城北医院,主任,中国科学院院士,"), officer_haidian, "--commit")
    dated = csv_of(tmp_path, "张一,男,198510,,城北医院,主任,中国科学院院士（2015）,")
    assert actions(run(dated, officer_haidian, "--commit")) == ["update"]
    assert actions(run(dated, officer_haidian, "--commit")) == ["unchanged"]
    assert Award.objects.get().year == 2015


def test_what_a_later_row_adds_is_held_against_the_register_once(officer_haidian, tmp_path):
    run(csv_of(tmp_path, "张一,男,198510,110105198510104635,城北医院,主任,,"), officer_haidian, "--commit")
    twice = csv_of(
        tmp_path,
        "李二,男,198510,110105198510104635,城北医院,主任,,",
        "李二,男,198510,110105198510104635,城北医院,主任,中国科学院院士,",
    )
    answer = run(twice, officer_haidian)
    assert [(row["row"], row["column"]) for row in answer["rejected"]] == [(2, "id_number")]
    assert answer["duplicates"] == [{"row": 3, "of_row": 2}]


def test_a_duplicate_fills_what_its_first_row_lacks(officer_haidian, tmp_path):
    twice = csv_of(
        tmp_path,
        "张一,男,198510,,城北医院,主任,中国科学院院士,",
        "张一,男,1985.10,110105198510104635,城北医院,,国务院特贴,13800000000",
    )
    answer = run(twice, officer_haidian, "--commit")
    assert answer["people"][0]["honours"] == ["CAS", "STATE_ALLOWANCE"]
    assert set(SensitiveValue.objects.values_list("field", flat=True)) == {"id_number", "phone"}
    assert actions(run(twice, officer_haidian)) == ["unchanged"]


def test_an_academician_who_does_not_work_in_beijing_is_general(officer_haidian, tmp_path):
    path = tmp_path / "名册.csv"
    path.write_text(
        "姓名,出生年月,工作单位,荣誉称号,是否在京工作\n"
        "张一,198510,示范大学,中国科学院院士,不在京\n"
        "张二,198511,示范大学,中国科学院院士、海聚工程,否\n"
        "张三,198512,示范大学,中国科学院院士,\n",
        encoding="utf-8",
    )
    scopes = [person["scope"] for person in run(path, officer_haidian, "--commit")["people"]]
    assert scopes == ["general", "key", "key"]
    assert dict(Expert.objects.values_list("name", "scope")) == dict(
        zip(("张一", "张二", "张三"), scopes, strict=True)
    )
