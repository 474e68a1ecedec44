"""Walking the import wizard as a browser does; the queued work is done by `work`."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from exchange.models import RosterImport
from exchange.tasks import run_import
from tests.roles import as_role

HEAD = "姓名,性别,出生年月,身份证号,工作单位,职务,荣誉称号,联系电话"
GOOD = "林一,男,1966-05,,示范大学,院长,政府特殊津贴,13800138000"
BAD_ID = "林二,男,1967-03,11010519670310463X,示范大学,,中国工程院院士,13800138001"
UNKNOWN = "林三,女,1970-01,,示范研究所,所长,东城区青年创新奖；某某学会一等奖,13800138002"
NAMELESS = ",女,1971-01,,示范研究所,所长,,13800138003"


class Silent:
    """Stands for the progress that is written beside the work's transaction, which a test's is inside."""

    def __init__(self, job, *, user_id):
        pass

    def __call__(self, done, total=0):
        pass


def url(name, roster, *args):
    return reverse(f"exchange:{name}", args=[roster.uuid, *args])


def upload(client, *lines, name="名册.csv", unit="D04"):
    """Send a roster and return the import."""
    text = "\n".join([HEAD, *lines]) + "\n"
    return send(client, text.encode(), name=name, unit=unit)


def send(client, data, *, name="名册.csv", unit="D04"):
    response = client.post(reverse("exchange:create"), {"file": SimpleUploadedFile(name, data), "unit": unit})
    assert response.status_code == 302, response.context["form"].errors
    return RosterImport.objects.order_by("pk").last()


def work(roster, monkeypatch):
    """What the worker does for the import now, as liaison_app."""
    monkeypatch.setattr("exchange.tasks.Reporter", Silent)
    with as_role("liaison_app"):
        run_import(roster.pk, roster.uploaded_by_id)
    roster.refresh_from_db()
    return roster


def accepted_columns(roster):
    """The form of the mapping page, sent as it was guessed."""
    return {f"column-{index}": key for index, key in roster.layout["columns"].items()}


def previewed(client, monkeypatch, *lines, **where):
    """An import taken as far as its preview."""
    roster = work(upload(client, *lines, **where), monkeypatch)
    client.post(url("columns", roster), accepted_columns(roster))
    roster = work(roster, monkeypatch)
    assert roster.stage == "preview", roster.job_error
    return roster


def said(response):
    """Messages shown on the page that a redirect leads to."""
    return [str(message) for message in response.context["messages"]]
