"""Files of a proposal: added until it is decided, taken back while it is written, fetched on the record."""

from io import BytesIO

import pytest
from django.urls import reverse

from audit.models import Event
from experts.actions import proposal_files as actions
from experts.models import Proposal, ProposalFile
from experts.models.proposal_file import VAULT
from tests.experts.files import docx
from tests.experts.pages import body, queries, said
from tests.factories import make_expert, make_proposal_file, propose

pytestmark = pytest.mark.django_db


@pytest.fixture
def proposal(officer_haidian):
    return propose(officer_haidian, make_expert("林大同"), make_expert("林小同"))


@pytest.fixture
def officer(client_of, officer_haidian):
    return client_of(officer_haidian)


def page_of(proposal, name="detail", *more):
    return reverse(f"proposals:{name}", args=[proposal.uuid, *more])


def upload(client, proposal, name="推荐函.pdf", data=None):
    file = BytesIO(docx() if data is None else data)
    file.name = name
    return client.post(page_of(proposal, "file_add"), {"file": file})


def stored():
    return sorted(path.name for path in VAULT.folder().iterdir())


def test_a_file_is_kept_shown_and_handed_over_on_the_trail(officer, proposal):
    assert upload(officer, proposal).headers["Location"] == page_of(proposal)
    page = officer.get(page_of(proposal))
    assert said(page) == ["已上传。"]
    assert "推荐函.docx" in body(page)
    kept = ProposalFile.objects.get()
    answer = officer.get(page_of(proposal, "file", kept.uuid))
    assert b"".join(answer.streaming_content) == docx()
    assert answer.headers["Content-Disposition"].startswith("attachment")
    events = Event.objects.filter(reference=proposal.number, fields=["evidence"])
    assert list(events.order_by("id").values_list("kind", "verb")) == [
        ("proposal", "change"),
        ("proposal", "export"),
    ]
    assert docx() not in (VAULT.folder() / kept.stored_as).read_bytes()


@pytest.mark.parametrize(("data", "said_so"), [
    (None, "请选择文件。"),
    (b"", "这是一个空文件"),
    (b"MZ hello", "只接收 PDF"),
])  # fmt: skip
def test_what_is_refused_is_said_beside_the_field_and_leaves_nothing(officer, proposal, data, said_so):
    before = stored()
    if data is None:
        answer = officer.post(page_of(proposal, "file_add"))
    else:
        answer = upload(officer, proposal, data=data)
    assert answer.status_code == 422
    assert said_so in "".join(answer.context["upload"].errors["file"])
    assert (ProposalFile.objects.count(), stored()) == (0, before)


def test_a_proposal_has_room_for_so_many(officer, proposal, monkeypatch):
    monkeypatch.setattr(actions, "MOST", 1)
    upload(officer, proposal)
    answer = upload(officer, proposal)
    assert (answer.status_code, ProposalFile.objects.count()) == (422, 1)
    assert "最多附 1 个文件" in body(answer)


def test_whoever_decides_may_add_the_minutes_and_sees_what_was_added(
    officer, client_of, director_haidian, proposal
):
    upload(officer, proposal)
    Proposal.objects.filter(pk=proposal.pk).update(
        state="reviewed", submitted_by=proposal.drafted_by, reviewed_by=director_haidian, line_count=2
    )
    director = client_of(director_haidian)
    assert "推荐函.docx" in body(director.get(page_of(proposal)))
    assert upload(director, proposal, "部务会纪要.pdf").status_code == 302
    assert ProposalFile.objects.filter(added_by=director_haidian).exists()


def test_one_takes_back_ones_own_while_it_is_written(officer, client_of, director_haidian, proposal):
    upload(officer, proposal)
    file = ProposalFile.objects.get()
    remove = page_of(proposal, "file_remove", file.uuid)
    assert client_of(director_haidian).post(remove).status_code == 403
    Proposal.objects.filter(pk=proposal.pk).update(state="submitted", submitted_by=proposal.drafted_by)
    late = officer.post(remove)
    assert (late.status_code, ProposalFile.objects.count()) == (409, 1)
    Proposal.objects.filter(pk=proposal.pk).update(state="returned")
    assert remove in body(officer.get(page_of(proposal)))
    assert officer.post(remove).headers["Location"] == page_of(proposal)
    assert not ProposalFile.objects.exists()


def test_what_is_decided_takes_no_more_and_keeps_what_it_has(officer, proposal):
    upload(officer, proposal)
    Proposal.objects.filter(pk=proposal.pk).update(state="withdrawn")
    page = body(officer.get(page_of(proposal)))
    assert "推荐函.docx" in page
    assert f'action="{page_of(proposal, "file_add")}"' not in page
    assert upload(officer, proposal).status_code == 409


def test_who_does_not_see_everybody_in_it_neither_gets_nor_adds_a_file(officer, officer_haidian):
    mixed = propose(officer_haidian, make_expert("林大同"), make_expert("林外", unit_code="D03"))
    file = make_proposal_file(mixed, name="名单.pdf")
    page = body(officer.get(page_of(mixed)))
    assert [text in page for text in ("名单.pdf", page_of(mixed, "file_add"))] == [False, False]
    assert officer.get(page_of(mixed, "file", file.uuid)).status_code == 404
    assert upload(officer, mixed).status_code == 403


def test_a_file_that_is_gone_is_not_a_failure(officer, proposal):
    file = make_proposal_file(proposal)
    VAULT.forget(file.stored_as)
    assert officer.get(page_of(proposal, "file", file.uuid)).status_code == 404


def test_files_cost_the_page_the_same_however_many(officer, proposal):
    officer.get(page_of(proposal))
    for _ in range(3):
        make_proposal_file(proposal)
        assert len(queries(officer, page_of(proposal))) == 13
