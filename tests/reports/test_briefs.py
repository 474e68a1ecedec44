"""走访一页纸 as a PDF: what it says, for whom, and what is never on it."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import timezone
from pypdf import PdfReader

from activities.models import FollowUp
from core.sheets import NOTICE
from experts.enums import SensitiveField
from reports.models import Export
from tests.factories import (
    make_contact,
    make_expert,
    make_follow_up,
    make_sensitive,
    make_user,
    pair,
    restrict,
)
from tests.reports.making import fetched, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client_of, officer_haidian):
    return client_of(officer_haidian)


@pytest.fixture
def expert(officer_haidian, leader_city):
    expert = make_expert("林一", employer="示范大学", awards=[("STATE_ALLOWANCE", 2018)])
    make_sensitive(expert, SensitiveField.HEALTH, "心脏支架")
    pair(expert, leader_city)
    today = timezone.localdate()
    contact = make_contact(
        officer_haidian, expert, today - timedelta(days=9), heard="实验室用电紧张", next_step="送材料",
        next_on=today + timedelta(days=3),
    )  # fmt: skip
    make_contact(officer_haidian, expert, state="draft", way="", heard="草稿里的话")
    make_follow_up(contact, "子女入学咨询", owner=officer_haidian)
    advice = make_follow_up(contact, "优化算力券", "suggestion")
    FollowUp.objects.filter(pk=advice.pk).update(
        done_at=timezone.now(), done_by=officer_haidian, outcome="市经信局采纳"
    )
    return expert


def sheet(expert):
    return f"/exports/brief/{expert.uuid}/"


def test_the_sheet_is_one_page_and_says_what_to_know(client, monkeypatch, expert, leader_city):
    data = fetched(client, monkeypatch, path=sheet(expert), format="pdf")
    text = text_of(data).replace(" ", "")
    for words in ("走访一页纸", "林一", "示范大学", "重点联系", "2018", str(leader_city), "实验室用电紧张",
                  "承诺：送材料", "诉求：子女入学咨询", "优化算力券", "市经信局采纳", NOTICE):  # fmt: skip
        assert words in text, words
    assert len(PdfReader(BytesIO(data)).pages) == 1
    assert Export.objects.get().kind == "brief"


def test_it_is_one_page_however_much_there_is(client, monkeypatch, expert, officer_haidian):
    type(expert).objects.filter(pk=expert.pk).update(fields_of_work="研究方向" * 50, employer="示范大学" * 25)
    today, long = timezone.localdate(), "这是很长的一句话" * 60
    for days in range(12):
        on = today - timedelta(days=20 + days)
        due = today + timedelta(days=days)
        contact = make_contact(officer_haidian, expert, on, heard=long, next_step=long[:200], next_on=due)
        make_follow_up(contact, long, owner=officer_haidian, due_on=due)
        advice = make_follow_up(contact, long, "suggestion")
        FollowUp.objects.filter(pk=advice.pk).update(
            done_at=timezone.now(), done_by=officer_haidian, outcome=long
        )
    data = fetched(client, monkeypatch, path=sheet(expert), format="pdf")
    assert len(PdfReader(BytesIO(data)).pages) == 1


@pytest.mark.parametrize(("name", "told"), [("阿卜杜·热西提", False), ("王𠀋", True)])
def test_a_rare_character_is_told_of_on_the_same_page(client, monkeypatch, expert, name, told):
    type(expert).objects.filter(pk=expert.pk).update(name=name)
    data = fetched(client, monkeypatch, path=sheet(expert), format="pdf")
    pages = PdfReader(BytesIO(data)).pages
    assert (len(pages), "请手工补写" in text_of(data)) == (1, told)
    assert not told or "U+2000B" in text_of(data)


def test_neither_health_nor_a_draft_is_on_it(client, monkeypatch, expert):
    text = text_of(fetched(client, monkeypatch, path=sheet(expert), format="pdf"))
    assert ("心脏支架" in text, "健康" in text, "草稿里的话" in text) == (False, False, False)


def test_who_does_not_see_the_expert_gets_no_sheet(client, client_of, officer_chaoyang, expert):
    asked = {"reason": "走访", "format": "pdf"}
    assert client_of(officer_chaoyang).post(sheet(expert), asked).status_code == 404
    restrict(expert, make_user(), make_user())
    assert client.post(sheet(expert), asked).status_code == 404
    assert Export.objects.count() == 0
