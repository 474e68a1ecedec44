"""The import wizard up to the check, and who may use it."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from exchange.models import ColumnMemory, RosterImport, RosterRow, Stage
from exchange.pipeline.source import samples_of
from exchange.rows import content
from tests.exchange.wizard import (
    BAD_ID,
    GOOD,
    NAMELESS,
    accepted_columns,
    previewed,
    said,
    send,
    upload,
    url,
    work,
)

pytestmark = pytest.mark.django_db
LIST, CREATE = "/imports/", "/imports/new/"
HTMX = {"HTTP_HX_REQUEST": "true"}
PAGES = [("detail",), ("progress",), ("held",)]
ACTS = [("columns",), ("commit",), ("cancel",), ("discard",), ("fix", 2), ("award", 2)]


@pytest.fixture
def client(client_of, officer_haidian):
    return client_of(officer_haidian)


def text(response):
    return response.content.decode()


def numbers(response):
    return [view.number for view in response.context["views"]]


# The list


def test_list_without_imports_says_what_to_do(client):
    page = text(client.get(LIST))
    assert "还没有导入过名册" in page
    assert CREATE in page


def test_list_shows_own_imports_newest_first_with_counts(client, monkeypatch):
    previewed(client, monkeypatch, GOOD, NAMELESS, name="先.csv")
    upload(client, GOOD, name="后.csv")
    lines = client.get(LIST).context["lines"]
    assert [str(line["roster"]) for line in lines] == ["后.csv", "先.csv"]
    assert [line["standing"]["text"] for line in lines] == ["正在读取文件", "待确认导入"]
    assert [line["summary"] for line in lines] == ["", "共 2 行 · 新增 1 · 待处理 1"]


def test_list_holds_no_import_of_another_unit(client, client_of, officer_chaoyang, staff_city):
    upload(client, GOOD, name="海淀名册.csv")
    assert "海淀名册.csv" in text(client.get(LIST))
    for other in (officer_chaoyang, staff_city):
        assert "海淀名册.csv" not in text(client_of(other).get(LIST))


def test_list_pages_by_key(client, officer_haidian):
    unit = officer_haidian.unit
    for number in range(30):
        RosterImport.objects.create(
            unit=unit, owner_unit=unit, uploaded_by=officer_haidian, file_name=f"{number}.csv"
        )
    first = client.get(LIST)
    names = [str(line["roster"]) for line in first.context["lines"]]
    assert names == [f"{number}.csv" for number in range(29, 4, -1)]
    second = client.get(LIST + first.context["next_url"])
    assert [str(line["roster"]) for line in second.context["lines"]] == [f"{n}.csv" for n in range(4, -1, -1)]


@pytest.mark.parametrize("rows", [1, 3])
def test_list_query_count(client, rows):
    for _ in range(rows):
        upload(client, GOOD)
    client.get(LIST)
    with CaptureQueriesContext(connection) as queries:
        client.get(LIST)
    assert len(queries) == 10


# Upload


def test_upload_starts_an_import_and_queues_its_reading(
    client, django_capture_on_commit_callbacks, monkeypatch
):
    queued = []
    monkeypatch.setattr("exchange.tasks.run_import.delay", lambda *ids: queued.append(ids))
    with django_capture_on_commit_callbacks(execute=True):
        roster = upload(client, GOOD)
    assert (roster.stage, roster.is_active) == (Stage.READING, True)
    assert queued == [(roster.pk, roster.uploaded_by_id)]
    page = client.get(url("detail", roster))
    assert "排队等待处理" in text(page)
    assert page.context["step"] == 1


def test_upload_without_a_file_says_so_beside_the_field(client):
    response = client.post(CREATE, {"unit": "D04"})
    assert response.context["form"].errors == {"file": ["请选择名册文件。"]}


def test_upload_of_a_wrong_type_is_refused_beside_the_field(client):
    response = client.post(CREATE, {"unit": "D04", "file": SimpleUploadedFile("名册.pdf", b"%PDF-1.7 ...")})
    assert list(response.context["form"].errors) == ["file"]
    assert not RosterImport.objects.exists()


def test_upload_that_is_too_big_is_refused(client, monkeypatch):
    monkeypatch.setattr("exchange.actions.MAX_FILE_BYTES", 10)
    response = client.post(CREATE, {"unit": "D04", "file": SimpleUploadedFile("名册.csv", b"x" * 11)})
    assert list(response.context["form"].errors) == ["file"]


@pytest.mark.parametrize("unit", ["D03", "BJ", "", "nowhere"])
def test_upload_for_a_unit_out_of_reach_is_refused(client, unit):
    response = client.post(CREATE, {"unit": unit, "file": SimpleUploadedFile("名册.csv", GOOD.encode())})
    assert list(response.context["form"].errors) == ["unit"]
    assert not RosterImport.objects.exists()


def test_the_unit_picker_offers_the_units_in_reach_and_the_users_own_first(client):
    form = client.get(CREATE).context["form"]
    assert form.initial["unit"] == "D04"
    offered = [code for code, _ in form.fields["unit"].choices]
    assert "D04-01" in offered
    assert "D03" not in offered


# Progress


def test_progress_is_a_fragment_that_asks_again_while_work_is_under_way(client):
    roster = upload(client, GOOD)
    RosterImport.objects.update(job_state="running", job_done=20, job_total=80)
    page = text(client.get(url("progress", roster), **HTMX))
    assert 'hx-trigger="every 1s"' in page
    assert 'value="20" max="80"' in page
    assert "<html" not in page


def test_progress_tells_the_rows_done_while_the_total_is_not_known(client):
    roster = upload(client, GOOD)
    RosterImport.objects.update(job_state="running", job_done=12_000, job_total=0)
    assert "已处理 12,000 行" in text(client.get(url("progress", roster), **HTMX))


def test_progress_reloads_the_page_once_the_work_has_ended(client, monkeypatch):
    roster = work(upload(client, GOOD), monkeypatch)
    response = client.get(url("progress", roster), **HTMX)
    assert (response["HX-Refresh"], response.content) == ("true", b"")


def test_progress_without_htmx_is_the_page_itself(client):
    roster = upload(client, GOOD)
    assert client.get(url("progress", roster))["Location"] == url("detail", roster)


def test_cancel_settles_work_that_has_not_begun(client):
    roster = upload(client, GOOD)
    client.post(url("cancel", roster), follow=True)
    roster.refresh_from_db()
    assert (roster.job_state, roster.cancel_requested) == ("cancelled", False)


def test_cancel_asks_running_work_to_stop(client):
    roster = upload(client, GOOD)
    RosterImport.objects.update(job_state="running")
    response = client.post(url("cancel", roster), follow=True)
    roster.refresh_from_db()
    assert roster.cancel_requested
    assert "正在停止" in text(response)


def test_cancel_without_work_says_so(client, monkeypatch):
    roster = work(upload(client, GOOD), monkeypatch)
    assert said(client.post(url("cancel", roster), follow=True)) == ["名册没有正在进行的处理。"]


def test_a_file_that_cannot_be_read_says_why_and_can_be_given_up(client, monkeypatch):
    roster = work(send(client, "只有一行字\n".encode()), monkeypatch)
    response = client.get(url("detail", roster))
    assert (response.context["part"], response.context["error"]) == ("stopped", roster.job_error)
    assert "没有找到表头" in roster.job_error
    client.post(url("discard", roster))
    assert not RosterImport.objects.exists()


# Columns


def test_the_mapping_shows_the_guess_and_samples_without_sensitive_texts(client, monkeypatch):
    roster = work(upload(client, BAD_ID, GOOD), monkeypatch)
    assert "11010519670310463X" in str(samples_of(roster))
    response = client.get(url("detail", roster))
    rows = {row["header"]: row for row in response.context["rows"]}
    assert rows["身份证号"]["samples"] == ["110***************"]
    assert rows["身份证号"]["field"].value() == "id_number"
    assert rows["联系电话"]["samples"] == ["138********", "138********"]
    assert rows["姓名"]["samples"] == ["林二", "林一"]
    assert "11010519670310463X" not in text(response)
    assert "13800138001" not in text(response)


def test_long_numbers_are_hidden_in_columns_of_unknown_meaning_too(client, monkeypatch):
    data = "姓名,工作单位,其他号码\n林一,示范大学,证 11010519670310463X 号\n".encode()
    response = client.get(url("detail", work(send(client, data), monkeypatch)))
    assert response.context["rows"][2]["samples"] == ["证 110*************** 号"]


def test_columns_chosen_twice_are_refused_beside_the_second(client, monkeypatch):
    roster = work(upload(client, GOOD), monkeypatch)
    response = client.post(url("columns", roster), accepted_columns(roster) | {"column-5": "employer"})
    assert response.context["form"].errors == {
        "column-5": ["“工作单位”只能对应一列，已经选给了“工作单位”列。"]
    }
    roster.refresh_from_db()
    assert roster.stage == Stage.MAPPING


def test_several_columns_may_hold_honours(client, monkeypatch):
    roster = work(upload(client, GOOD), monkeypatch)
    client.post(url("columns", roster), accepted_columns(roster) | {"column-5": "honour"})
    roster.refresh_from_db()
    assert roster.stage == Stage.CHECKING


def test_columns_without_a_name_are_refused(client, monkeypatch):
    roster = work(upload(client, GOOD), monkeypatch)
    response = client.post(url("columns", roster), accepted_columns(roster) | {"column-0": ""})
    assert response.context["form"].non_field_errors() == ["请指出哪一列是姓名。"]


def test_corrected_columns_are_checked_and_remembered(client, monkeypatch):
    roster = work(upload(client, GOOD), monkeypatch)
    client.post(url("columns", roster), accepted_columns(roster) | {"column-5": ""})
    work(roster, monkeypatch)
    assert "post" not in content(RosterRow.objects.get()).values
    assert ColumnMemory.objects.get(header="职务").field == ""
    again = work(upload(client, GOOD), monkeypatch)
    rows = client.get(url("detail", again)).context["rows"]
    assert next(row for row in rows if row["header"] == "职务")["field"].value() == ""


def test_columns_can_be_corrected_from_the_preview(client, monkeypatch):
    roster = previewed(client, monkeypatch, GOOD)
    response = client.get(url("detail", roster), {"columns": "again"})
    assert (response.context["part"], response.context["step"]) == ("columns", 2)
    client.post(url("columns", roster), accepted_columns(roster))
    roster.refresh_from_db()
    assert roster.stage == Stage.CHECKING


def test_columns_while_work_is_under_way_are_refused_with_a_message(client, monkeypatch):
    roster = work(upload(client, GOOD), monkeypatch)
    form = accepted_columns(roster)
    client.post(url("columns", roster), form)
    response = client.post(url("columns", roster), form, follow=True)
    assert said(response) == ["名册正在处理或已经导入，请刷新页面查看。"]


# Who may


@pytest.mark.parametrize("name", ["leader_city", "sysadmin", "secadmin", "auditor", "no_role"])
def test_people_without_the_right_to_change_are_refused(client_of, personas, name):
    roster = upload(client_of(personas["officer_haidian"]), GOOD)
    other = client_of(personas[name])
    for path in (LIST, CREATE, *[url(page, roster, *rest) for page, *rest in PAGES]):
        assert other.get(path).status_code == 403, path
    for act, *rest in ACTS:
        assert other.post(url(act, roster, *rest)).status_code == 403, act


@pytest.fixture
def client_personas(client_of, personas):
    return {name: client_of(user) for name, user in personas.items()}


@pytest.mark.parametrize("name", ["officer_chaoyang", "staff_city"])
def test_an_import_of_another_unit_is_missing(client_personas, monkeypatch, name):
    roster = previewed(client_personas["officer_haidian"], monkeypatch, GOOD, BAD_ID)
    other = client_personas[name]
    for page, *rest in PAGES:
        assert other.get(url(page, roster, *rest)).status_code == 404, page
    for act, *rest in ACTS:
        assert other.post(url(act, roster, *rest)).status_code == 404, act
    roster.refresh_from_db()
    assert (roster.stage, roster.cancel_requested) == (Stage.PREVIEW, False)


def test_colleagues_of_the_unit_see_the_import(client_personas, monkeypatch):
    roster = previewed(client_personas["officer_haidian"], monkeypatch, GOOD)
    assert numbers(client_personas["director_haidian"].get(url("detail", roster))) == [2]


def test_an_import_that_never_was_is_missing(client):
    assert client.get(reverse("exchange:detail", args=[uuid.uuid4()])).status_code == 404


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act[0])
def test_acts_need_post(client, act):
    name, *rest = act
    assert client.get(url(name, upload(client, GOOD), *rest)).status_code == 405
