"""Both locks agree on proposals, their lines and files, and on what became of them, for every persona."""

import pytest
from django.db import ProgrammingError, transaction
from django.utils import timezone

from experts.models import Expert, Proposal, ProposalFile, ProposalLine, RosterEntry
from tests.access.test_two_locks import seen_by_database, seen_by_python
from tests.factories import enlist, make_expert, make_proposal_file, propose, restrict

TABLES = [Proposal, ProposalLine, ProposalFile, RosterEntry]


@pytest.fixture
def proposed(personas):
    """Of every unit: about nobody, its own, another's, a restricted expert, its own beside
    another's; each with a file. And entries."""
    own = {code: make_expert("王甲", code) for code in ("BJ", "D03", "D04", "D04-01", "U03")}
    hidden = restrict(make_expert("金丝雀甲"), personas["cleared_city"], personas["officer_chaoyang"])
    for code, by in (("BJ", "staff_city"), ("D03", "officer_chaoyang"), ("D04", "officer_haidian"),
                     ("D04-01", "officer_haidian")):  # fmt: skip
        elsewhere = own["D03" if code != "D03" else "D04"]
        for experts in ([], [own[code]], [elsewhere], [hidden], [own[code], elsewhere]):
            make_proposal_file(propose(personas[by], *experts, unit_code=code))
        enlist(personas[by], own[code], code)
        enlist(personas[by], hidden, code)
    return personas


def test_both_locks_agree_on_every_row_of_proposals(proposed, as_app):
    expected = {name: {model: seen_by_python(model, user) for model in TABLES}
                for name, user in proposed.items()}  # fmt: skip
    for name, user in proposed.items():
        with as_app(user):
            # By each lock alone, and by both together, as the pages read.
            assert {model: seen_by_database(model) for model in TABLES} == expected[name], name
            assert {model: seen_by_python(model, user) for model in TABLES} == expected[name], name
    sizes = {name: [len(rows) for rows in by.values()] for name, by in expected.items()}
    assert sizes["no_role"] == sizes["auditor"] == [0] * len(TABLES)
    assert len({tuple(each) for each in sizes.values()}) >= 5


def test_a_file_is_for_who_sees_everybody_whom_the_proposal_names(proposed):
    officer = proposed["officer_haidian"]
    own = Expert.objects.get(unit__code="D04", label=0)
    mixed = propose(officer, own, Expert.objects.get(unit__code="D03"))
    file = make_proposal_file(mixed)
    assert Proposal.objects.visible_to(officer).filter(pk=mixed.pk).exists()
    assert not ProposalFile.objects.visible_to(officer).filter(pk=file.pk).exists()
    assert ProposalFile.objects.visible_to(proposed["staff_city"]).filter(pk=file.pk).exists()


@pytest.mark.parametrize("state", ["approved", "withdrawn"])
def test_nothing_is_added_to_what_is_decided(proposed, as_app, state):
    officer, director = proposed["officer_haidian"], proposed["director_haidian"]
    proposal = propose(officer, make_expert("林大同"))
    acts = {
        "submitted_by": officer,
        "reviewed_by": director,
        "approved_by": director,
        "approved_at": timezone.now(),
    }
    Proposal.objects.filter(pk=proposal.pk).update(state=state, **(acts if state == "approved" else {}))
    with as_app(officer), pytest.raises(ProgrammingError), transaction.atomic():
        make_proposal_file(proposal)


def test_nothing_is_added_in_the_name_of_another(proposed, as_app):
    proposal = propose(proposed["officer_haidian"], make_expert("林大同"))
    with as_app(proposed["director_haidian"]), pytest.raises(ProgrammingError), transaction.atomic():
        make_proposal_file(proposal)
