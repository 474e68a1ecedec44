"""Papers of mandatory exits: added while the case is open, seen like what was said in it, gone with it."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from experts.actions import evidence as papers
from experts.actions.exit_retention import purge_exits
from experts.models import Evidence, EvidencePurpose, ExitPaper, MandatoryExit
from experts.models.evidence import VAULT
from tests.experts.files import docx
from tests.experts.pages import at, body
from tests.factories import make_exit, make_expert
from tests.roles import as_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(officer_haidian):
    return make_exit(officer_haidian, make_expert("林应退"))


def page_of(case, act=""):
    return reverse(f"experts:exit{act and '_'}{act}", args=[case.uuid])


def upload(client, case, paper="conclusion", name="学术不端处理决定.pdf"):
    file = BytesIO(docx())
    file.name = name
    return client.post(page_of(case, "paper"), {"paper": paper, "file": file})


def add(as_app, by, case):
    with as_app(by):
        return papers.add_exit_paper(
            by=by, case=case, paper=ExitPaper.CONCLUSION, upload=BytesIO(docx()), name="x.pdf"
        )


def decided(director, **facts):
    now = timezone.now()
    MandatoryExit.objects.update(
        state="approved", decided_by=director, decided_at=now, told_on=timezone.localdate(), **facts
    )


def reversed_by(director, officer):
    decided(director)
    now = timezone.now()
    MandatoryExit.objects.update(
        state="reversed", review="reversed", review_asked_by=officer, review_asked_at=now,
        review_by=director, review_at=now,
    )  # fmt: skip


def test_a_paper_is_called_by_what_it_is_and_handed_over_on_the_trail(client_of, officer_haidian, case):
    client = client_of(officer_haidian)
    assert upload(client, case).headers["Location"] == page_of(case)
    paper = Evidence.objects.get()
    assert (paper.name, paper.is_sensitive, paper.purpose) == ("结论文件.docx", True, EvidencePurpose.EXIT)
    assert "结论文件.docx" in body(client.get(page_of(case)))
    file = client.get(at(case.expert, "evidence", paper.uuid))
    assert b"".join(file.streaming_content) == docx()
    kinds = Event.objects.filter(reference=case.expert.record_number, fields=["evidence"])
    assert set(kinds.values_list("kind", "verb")) == {("exit", "create"), ("exit", "export")}


@pytest.mark.parametrize(("sent", "field", "said"), [
    ({"paper": "conclusion"}, "file", "请选择文件。"),
    ({"paper": "x", "file": BytesIO(b"hello")}, "paper", "请选择是哪一种材料。"),
    ({"paper": "other", "file": BytesIO(b"hello")}, "file", "只接收 PDF"),
])  # fmt: skip
def test_what_is_refused_is_said_beside_the_field(client_of, officer_haidian, case, sent, field, said):
    if "file" in sent:
        sent["file"].seek(0)
        sent["file"].name = "a.pdf"
    response = client_of(officer_haidian).post(page_of(case, "paper"), sent)
    assert response.status_code == 422
    assert said in response.context["form"].errors[field][0]
    assert not Evidence.objects.exists()


def test_it_is_taken_back_by_who_added_it_while_the_case_is_open(
    client_of, officer_haidian, director_haidian, case
):
    client = client_of(officer_haidian)
    upload(client, case)
    paper = Evidence.objects.get()
    remove = at(case.expert, "evidence", paper.uuid, "remove")
    assert client_of(director_haidian).post(remove).status_code == 403
    decided(director_haidian)
    client.post(remove)
    assert "材料" in body(client.get(page_of(case)))
    assert Evidence.objects.get() == paper
    MandatoryExit.objects.update(
        review="asked", review_asked_by=officer_haidian, review_asked_at=timezone.now()
    )
    assert client.post(remove).headers["Location"] == page_of(case)
    assert not Evidence.objects.exists()


def test_a_decided_case_takes_no_more_nor_does_the_database(as_app, officer_haidian, director_haidian, case):
    paper = add(as_app, officer_haidian, case)
    decided(director_haidian)
    with pytest.raises(ValidationError, match="已经办理"):
        add(as_app, officer_haidian, case)
    paper.pk, paper.uuid = None, None
    with as_app(officer_haidian), pytest.raises(DatabaseError), transaction.atomic():
        Evidence(
            expert=case.expert, purpose="exit", about=case.uuid, is_sensitive=True, name="x", size=1,
            stored_as="x", stored_key="x", added_by=officer_haidian,
        ).save(force_insert=True)  # fmt: skip


@pytest.mark.parametrize("who", ["leader_city", "officer_chaoyang", "auditor"])
def test_who_does_not_see_the_case_does_not_add_nor_see(as_app, request, officer_haidian, case, who):
    other = request.getfixturevalue(who)
    add(as_app, officer_haidian, case)
    with pytest.raises(PermissionDenied):
        add(as_app, other, case)
    with as_app(other):
        assert not Evidence.objects.exists()
    assert not Evidence.objects.visible_to(other).exists()


def test_both_locks_agree_also_when_the_case_is_reversed(
    as_app, officer_haidian, director_haidian, staff_city, leader_city, case
):
    add(as_app, officer_haidian, case)
    seen = {}
    for name, turn in (
        ("open", lambda: None),
        ("reversed", lambda: reversed_by(director_haidian, officer_haidian)),
    ):
        turn()
        for user in (officer_haidian, director_haidian, staff_city, leader_city):
            expected = set(Evidence.objects.visible_to(user).values_list("pk", flat=True))
            with as_app(user):
                assert set(Evidence.objects.values_list("pk", flat=True)) == expected, (name, user)
            seen[name, user] = len(expected)
    assert [seen["open", each] for each in (officer_haidian, director_haidian, staff_city, leader_city)] == [
        1,
        1,
        1,
        0,
    ]
    assert [seen["reversed", each] for each in (officer_haidian, director_haidian, staff_city)] == [0, 1, 0]


def test_papers_go_with_what_was_said(
    as_app, officer_haidian, director_haidian, case, django_capture_on_commit_callbacks
):
    paper = add(as_app, officer_haidian, case)
    decided(director_haidian)
    MandatoryExit.objects.update(decided_at=timezone.now() - timedelta(days=40 * 366))
    with django_capture_on_commit_callbacks(execute=True), as_role("liaison_worker"):
        assert purge_exits() == 1
    assert not Evidence.objects.exists()
    assert not (VAULT.folder() / paper.stored_as).exists()
    assert Event.objects.get(verb="delete").counts == {"cases": 1, "texts": 2, "files": 1}
