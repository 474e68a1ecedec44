"""The preview of an import: rows, mending what is held, awards outside the catalogue, commit."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Event
from exchange.models import RosterImport, RosterRow, Stage
from exchange.rows import content
from experts.enums import AwardState
from experts.models import Award, Expert
from tests.exchange.wizard import BAD_ID, GOOD, NAMELESS, UNKNOWN, previewed, said, upload, url, work
from tests.factories import make_expert

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client_of, officer_haidian):
    return client_of(officer_haidian)


def text(response):
    return response.content.decode()


def numbers(response):
    return [view.number for view in response.context["views"]]


# Preview


def test_the_preview_counts_and_filters_rows(client, monkeypatch):
    make_expert("林一", birth="1966-05-01", employer="示范大学")
    united = "林四,男,1980-01,,示范医院,,,"
    roster = previewed(client, monkeypatch, GOOD, BAD_ID, UNKNOWN, NAMELESS, united, united)
    page = client.get(url("detail", roster))
    assert numbers(page) == [2, 3, 4, 5, 6, 7]
    assert [(tile["label"], tile["value"]) for tile in page.context["tiles"]] == [
        ("新增", 1),
        ("更新", 1),
        ("无变化", 0),
        ("待处理", 3),
        ("重复", 1),
    ]
    found = {show: numbers(client.get(url("detail", roster), {"show": show})) for show in
             ("create", "update", "held", "duplicate")}  # fmt: skip
    assert found == {"create": [6], "update": [2], "held": [3, 4, 5], "duplicate": [7]}
    assert "与第 6 行是同一人" in text(page)


def test_an_unknown_filter_shows_all_rows(client, monkeypatch):
    roster = previewed(client, monkeypatch, GOOD)
    assert numbers(client.get(url("detail", roster), {"show": "everything"})) == [2]


def test_an_update_shows_old_and_new_values(client, monkeypatch):
    make_expert("林一", birth="1966-05-01", employer="示范大学", post="副院长")
    roster = previewed(client, monkeypatch, GOOD)
    (view,) = client.get(url("detail", roster)).context["views"]
    changes = {change["label"]: (change["old"], change["new"]) for change in view.changes}
    assert changes["职务"] == ("副院长", "院长")
    assert changes["称号"] == ("", "享受政府特殊津贴专家")
    assert "13800138000" not in str(changes)


def test_the_preview_shows_an_id_number_only_where_it_is_the_problem(client, monkeypatch):
    valid = "林五,男,1985-10,110105198510104635,示范大学,,某未知奖,13800138005"
    roster = previewed(client, monkeypatch, BAD_ID, valid)
    assert content(RosterRow.objects.get(number=3)).raw["id_number"] == "110105198510104635"
    page = text(client.get(url("detail", roster)))
    assert "11010519670310463X" in page
    assert "110105198510104635" not in page
    assert "1380013800" not in page


def test_the_preview_pages_by_row_number(client, monkeypatch):
    roster = previewed(
        client, monkeypatch, *[f"林{chr(0x4E10 + n)},男,1966-05,,示范大学,,," for n in range(30)]
    )
    first = client.get(url("detail", roster))
    assert numbers(first) == list(range(2, 27))
    second = client.get(url("detail", roster) + first.context["next_url"])
    assert numbers(second) == list(range(27, 32))
    assert numbers(client.get(url("detail", roster) + second.context["previous_url"])) == numbers(first)


@pytest.mark.parametrize("cursor", ["WyJ4Il0", "WzFlOTld", "!!!", "W10"])
def test_a_cursor_that_was_tampered_with_starts_at_the_first_row(client, monkeypatch, cursor):
    roster = previewed(client, monkeypatch, GOOD)
    assert numbers(client.get(url("detail", roster), {"after": cursor})) == [2]


@pytest.mark.parametrize("rows", [1, 3])
def test_preview_query_count(client, monkeypatch, rows):
    lines = [BAD_ID, UNKNOWN, GOOD][:rows]
    roster = previewed(client, monkeypatch, *lines)
    client.get(url("detail", roster))
    with CaptureQueriesContext(connection) as queries:
        client.get(url("detail", roster))
    assert len(queries) == 12  # one of them records that an ID number is shown


# Held rows


def test_a_held_row_is_mended_in_the_page(client, monkeypatch):
    roster = previewed(client, monkeypatch, BAD_ID)
    (view,) = client.get(url("detail", roster), {"show": "held"}).context["views"]
    assert list(view.fix_form.fields) == ["name", "id_number"]
    assert [item["reason"] for item in view.fix_fields] == ["", "身份证号的校验码不对，请核对各位数字"]
    sent = {"name": "林二", "id_number": "", "show": "held"}
    response = client.post(url("fix", roster, 2), sent)
    assert response["Location"] == url("detail", roster) + "?show=held"
    work(roster, monkeypatch)
    row = RosterRow.objects.get()
    assert (row.state, row.action) == ("ok", "create")
    assert content(row).fixes == {"id_number": ""}


def test_mending_without_a_change_is_no_reason_to_check_again(client, monkeypatch):
    roster = previewed(client, monkeypatch, BAD_ID)
    sent = {"name": "林二", "id_number": "11010519670310463X"}
    assert said(client.post(url("fix", roster, 2), sent, follow=True)) == ["第 2 行没有改动。"]
    roster.refresh_from_db()
    assert roster.stage == Stage.PREVIEW


def test_a_marked_text_is_refused_and_what_was_typed_stays(client, monkeypatch):
    roster = previewed(client, monkeypatch, BAD_ID, NAMELESS)
    response = client.post(url("fix", roster, 3), {"name": "机密★10年", "show": "held"})
    (view,) = response.context["views"]
    assert view.number == 3
    assert "不得录入" in view.fix_form.errors["name"][0]
    assert view.fix_form["name"].value() == "机密★10年"
    assert 'name="show" value="held"' in text(response)


@pytest.mark.parametrize("number", [2, 99])
def test_mending_a_row_that_is_not_held_says_so(client, monkeypatch, number):
    roster = previewed(client, monkeypatch, GOOD, BAD_ID)
    response = client.post(url("fix", roster, number), {"name": "林九"}, follow=True)
    assert said(response) == ["名册正在处理，或这一行已经处理过了。请核对现在的内容后再改。"]


def test_mending_while_work_is_under_way_says_so(client, monkeypatch):
    roster = previewed(client, monkeypatch, BAD_ID, NAMELESS)
    client.post(url("fix", roster, 3), {"name": "林四"})
    response = client.post(url("fix", roster, 2), {"name": "林二", "id_number": ""}, follow=True)
    assert said(response) == ["名册正在处理，或这一行已经处理过了。请核对现在的内容后再改。"]
    assert content(RosterRow.objects.get(number=2)).fixes == {}


def test_an_unknown_award_is_taken_over_awaiting_verification(client, monkeypatch):
    roster = previewed(client, monkeypatch, UNKNOWN)
    (view,) = client.get(url("detail", roster)).context["views"]
    first, second = view.awards_form.texts
    sent = {
        "take-0": "on", "text-0": first, "issuer-0": "东城区", "level-0": "municipal", "year-0": "2021",
        "take-1": "on", "text-1": second, "issuer-1": "示例学会", "level-1": "national", "year-1": "",
    }  # fmt: skip
    client.post(url("award", roster, 2), sent)
    work(roster, monkeypatch)
    page = client.get(url("detail", roster))
    (view,) = page.context["views"]
    assert (view.row.state, view.scope) == ("ok", "general")
    assert [honour["is_pending"] for honour in view.honours] == [True, True]
    assert "待核实" in text(page)
    client.post(url("commit", roster))
    work(roster, monkeypatch)
    found = Award.objects.filter(expert__name="林三").order_by("text")
    assert {(award.text, award.issuer, award.level, award.year, award.state) for award in found} == {
        (first, "东城区", "municipal", 2021, AwardState.PENDING),
        (second, "示例学会", "national", None, AwardState.PENDING),
    }


def test_an_award_needs_issuer_and_level(client, monkeypatch):
    roster = previewed(client, monkeypatch, UNKNOWN)
    (view,) = client.get(url("detail", roster)).context["views"]
    sent = {
        "take-0": "on",
        "text-0": view.awards_form.texts[0],
        "text-1": view.awards_form.texts[1],
        "year-0": "1066",
    }
    (view,) = client.post(url("award", roster, 2), sent).context["views"]
    assert view.awards_form.errors.keys() == {"issuer-0", "level-0", "year-0"}
    roster.refresh_from_db()
    assert roster.stage == Stage.PREVIEW


def test_awards_none_of_which_is_ticked_are_refused(client, monkeypatch):
    roster = previewed(client, monkeypatch, UNKNOWN)
    (view,) = client.get(url("detail", roster)).context["views"]
    sent = {"text-0": view.awards_form.texts[0], "text-1": view.awards_form.texts[1]}
    (view,) = client.post(url("award", roster, 2), sent).context["views"]
    assert view.awards_form.non_field_errors() == ["请勾选要接收的奖项。"]


def test_an_award_whose_text_the_row_does_not_bear_is_refused(client, monkeypatch):
    roster = previewed(client, monkeypatch, "林三,女,1970-01,,示范研究所,所长,某未知奖,")
    sent = {"text-0": "中国科学院院士", "issuer-0": "某会", "level-0": "national"}
    (view,) = client.post(url("award", roster, 2), sent).context["views"]
    assert view.awards_form.non_field_errors() == ["这一行刚被改动过，请重新核对后再接收。"]


def test_a_row_without_unknown_awards_takes_none(client, monkeypatch):
    roster = previewed(client, monkeypatch, BAD_ID)
    assert said(client.post(url("award", roster, 2), {}, follow=True)) == ["第 2 行没有目录以外的奖项。"]


# Commit


def test_commit_says_what_is_left_out_and_writes_the_rest(client, monkeypatch):
    roster = previewed(client, monkeypatch, GOOD, BAD_ID)
    page = client.get(url("detail", roster))
    assert page.context["commit_question"].endswith("还有 1 行待处理，不会导入。")
    assert "导入 1 人" in text(page)
    client.post(url("commit", roster))
    work(roster, monkeypatch)
    assert list(Expert.objects.values_list("name", "unit__code")) == [("林一", "D04")]
    done = client.get(url("detail", roster))
    assert done.context["part"] == "done"
    assert reverse("experts:list") in text(done)
    assert url("held", roster) in text(done)


def test_a_second_commit_says_that_it_is_done_already(client, monkeypatch):
    roster = previewed(client, monkeypatch, GOOD)
    client.post(url("commit", roster))
    work(roster, monkeypatch)
    response = client.post(url("commit", roster), follow=True)
    assert said(response) == ["名册正在处理或已经导入，请刷新页面查看。"]
    assert Expert.objects.count() == 1


def test_the_same_file_again_changes_nothing_and_says_so(client, monkeypatch):
    client.post(url("commit", first := previewed(client, monkeypatch, GOOD)))
    work(first, monkeypatch)
    again = previewed(client, monkeypatch, GOOD)
    page = client.get(url("detail", again))
    assert "与现有资料一致，没有需要导入的内容" in text(page)
    assert url("commit", again) not in text(page)
    assert said(client.post(url("commit", again), follow=True)) == ["没有需要导入的内容。"]


def test_discard_deletes_the_import_and_its_rows(client, monkeypatch):
    roster = previewed(client, monkeypatch, GOOD)
    response = client.post(url("discard", roster), follow=True)
    assert said(response) == ["已放弃导入“名册.csv”，上传的文件和预览已删除。"]
    assert not RosterImport.objects.exists()
    assert not RosterRow.objects.exists()


def test_discard_while_work_is_under_way_is_refused(client):
    roster = upload(client, GOOD)
    assert said(client.post(url("discard", roster), follow=True)) == ["正在处理或已经导入的名册不能放弃。"]
    assert RosterImport.objects.count() == 1


def test_a_purged_preview_says_that_it_is_gone(client, monkeypatch):
    roster = previewed(client, monkeypatch, GOOD)
    RosterImport.objects.update(stored_as="", layout={}, sample_sealed=b"", sample_key="")
    page = client.get(url("detail", roster))
    assert page.context["part"] == "stopped"
    assert "已按规定清除" in text(page)
    client.post(url("columns", roster), {"column-0": "name"})
    roster.refresh_from_db()
    assert roster.stage == Stage.PREVIEW


def test_an_id_number_shown_for_mending_is_on_the_record(client, monkeypatch):
    roster = previewed(client, monkeypatch, GOOD, BAD_ID, NAMELESS)
    revealed = Event.objects.filter(verb="reveal")
    client.get(url("detail", roster), {"show": "create"})
    assert not revealed.exists()
    client.get(url("detail", roster), {"show": "held"})
    told = list(revealed.values_list("kind", "reference", "fields"))
    assert told == [("roster", str(roster.uuid), ["id_number"])]
