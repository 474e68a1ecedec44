"""What tests of the register's pages share: addresses, forms as posted, what a page says, query counts."""

from io import BytesIO

from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

LIST, NEW, SUGGEST, BULK = "/experts/", "/experts/new/", "/experts/suggest/", "/experts/bulk/"


def at(expert, *rest):
    return "/".join([f"/experts/{expert.uuid}", *map(str, rest), ""])


def posted(**changes):
    """The form of a new expert as a browser sends it."""
    blank = dict.fromkeys([
        "former_names", "gender", "birth", "nationality", "political_affiliation", "post", "title",
        "discipline", "education", "fields_of_work", "works_in_beijing_confirmed_on", "office_phone", "email",
        "address", "id_number", "phone", "health", "version",
    ], "")  # fmt: skip
    return blank | {
        "name": "王小明",
        "employer": "示范大学",
        "nationality": "中国",
        "unit": "D04",
        "category": "high_skill",
        "label": "0",
        "works_in_beijing": "on",
    } | changes  # fmt: skip


def edited(expert, **changes):
    """The form of an existing expert as a browser sends it back."""
    values = posted(
        name=expert.name,
        employer=expert.employer,
        post=expert.post,
        email=expert.email,
        birth=expert.birth_text,
        unit=expert.unit.code,
        category=expert.category or "other",
        version=expert.version,
    )
    return values | changes


def picture(kind="JPEG", name="photo.jpg"):
    out = BytesIO()
    Image.new("RGB", (60, 80), "steelblue").save(out, kind)
    out.seek(0)
    out.name = name
    return out


def body(response):
    return response.content.decode()


def said(response):
    """Messages on the page that was shown at last."""
    return [str(message) for message in response.context["messages"]]


def rows(response):
    return [expert.name for expert in response.context["page"].rows]


def queries(client, url):
    """All statements of a request but savepoints, and what tests add: the switch of roles, and the context
    cleared by hand inside their own transaction."""
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url)
    assert response.status_code == 200
    ours = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO", "SET ROLE", "RESET ROLE")
    ours += ("SELECT set_config('app.actor', '', true)",)
    return [query["sql"] for query in captured if not query["sql"].startswith(ours)]


def field_errors(response):
    return {name: list(errors) for name, errors in response.context["form"].errors.items()}
