"""The holiday table in Django admin: a table is looked at before it is written."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from audit.models import Event
from core.models import Holiday

pytestmark = pytest.mark.django_db
IMPORT = "/admin/core/holiday/import/"


def upload(client, text):
    return client.post(IMPORT, {"file": SimpleUploadedFile("2027.csv", text.encode())})


def test_holidays_are_imported_after_a_preview(client_of, sysadmin):
    client = client_of(sysadmin)
    assert IMPORT in client.get("/admin/core/holiday/").content.decode()
    preview = upload(
        client, "日期,名称,类型\n2027-01-01,元旦,放假\n2027-02-14,春节,上班\n2027-13-01,错,放假\n"
    )
    page = preview.content.decode()
    assert "第 4 行" in page
    assert not Holiday.objects.filter(day__year=2027).exists()
    response = client.post(IMPORT, {"confirmed": preview.context["confirmed"]})
    assert response["Location"] == "/admin/core/holiday/"
    rows = Holiday.objects.filter(day__year=2027).values_list("day", "name", "is_workday")
    assert list(rows) == [(date(2027, 1, 1), "元旦", False), (date(2027, 2, 14), "春节", True)]
    event = Event.objects.get(kind="holiday")
    assert (event.verb, event.counts, event.reference) == ("import", {"days": 2}, "2027-01-01..2027-02-14")
    client.post(IMPORT, {"confirmed": preview.context["confirmed"]})
    assert Event.objects.filter(kind="holiday").count() == 1


@pytest.mark.parametrize("text", ["", "不是表", "日期,名称,类型\n"])
def test_a_table_that_cannot_be_read_is_refused_beside_the_field(client_of, sysadmin, text):
    page = upload(client_of(sysadmin), text)
    assert page.status_code == 200
    assert page.context["form"].errors.get("file") or page.context["problems"]
    assert page.context["confirmed"] == ""


def test_a_forged_confirmation_writes_nothing(client_of, sysadmin):
    page = client_of(sysadmin).post(IMPORT, {"confirmed": "WyJ4Il0:1abc:def"})
    assert page.status_code == 200
    assert not Holiday.objects.filter(day__year=2027).exists()
