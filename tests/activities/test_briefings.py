"""Briefings: drafted, sent, acknowledged, reminded (情况通报)."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from activities.models import Briefing, BriefingExpert, Receipt
from reminders.models import Message
from tests.experts.pages import queries
from tests.factories import make_expert, make_user, restrict, unit

pytestmark = pytest.mark.django_db
NEW = "/briefings/new/"


def written(**changes):
    return {"unit": "D04", "title": "重大进展", "text": "内容", "units": ["D03"]} | changes


def at(briefing, *rest):
    return "/".join([f"/briefings/{briefing.uuid}", *rest, ""])


def test_a_briefing_is_drafted_sent_read_and_the_unread_are_reminded(
    client_of, officer_haidian, officer_chaoyang, director_haidian
):
    client, other = client_of(officer_haidian), client_of(officer_chaoyang)
    assert client.post(NEW, written(units=["D03", "D04"])).status_code == 302
    briefing = Briefing.objects.get()
    assert other.get(at(briefing)).status_code == 404
    pdf = SimpleUploadedFile("通报.pdf", b"%PDF-1.4\nstartxref\n0\n%%EOF")
    assert client.post(at(briefing, "files"), {"file": pdf}).status_code == 302
    assert client.post(at(briefing, "send")).status_code == 302
    assert client.post(at(briefing, "send")).status_code == 409
    assert {each.user for each in Receipt.objects.all()} == {officer_chaoyang, director_haidian}
    assert Message.objects.filter(recipient=officer_chaoyang).count() == 1
    page = other.get(at(briefing)).content.decode()
    assert "已阅知" in page
    assert "还有" not in page
    file = briefing.files.get()
    assert other.get(at(briefing, "files", str(file.uuid))).status_code == 200
    assert other.post(at(briefing, "acknowledge")).status_code == 302
    assert client.post(at(briefing, "remind")).status_code == 422
    Briefing.objects.update(sent_at=timezone.now() - timedelta(days=2))
    assert client.post(at(briefing, "remind")).status_code == 302
    assert Message.objects.filter(recipient=director_haidian).count() == 2
    assert Message.objects.filter(recipient=officer_chaoyang).count() == 1


def test_a_restricted_expert_is_not_an_address(client_of, cleared_city):
    expert = restrict(make_expert("金丝雀"), cleared_city, make_user())
    answer = client_of(cleared_city).post(NEW, written(unit="BJ", expert=[str(expert.uuid)]))
    assert answer.status_code == 422
    assert not Briefing.objects.exists()


def test_the_lists_and_the_form(client_of, officer_haidian):
    client = client_of(officer_haidian)
    for page in ("/briefings/", "/briefings/?show=unread", NEW):
        assert client.get(page).status_code == 200
    assert client.post(NEW, written(title="")).status_code == 422
    client.post(NEW, written())
    briefing = Briefing.objects.get()
    assert client.get(at(briefing, "edit")).status_code == 200
    assert client.post(at(briefing, "edit"), written(title="改")).status_code == 302
    assert client.post(at(briefing, "drop")).status_code == 302
    assert not Briefing.objects.exists()


def test_a_text_keeps_its_punctuation_and_paragraphs(client_of, officer_haidian):
    text = "一、进展：顺利，（详见附件）\n\n二、下一步"
    client_of(officer_haidian).post(NEW, written(title="通报（第一期）", text=text))
    briefing = Briefing.objects.get()
    assert (briefing.title, briefing.text) == ("通报（第一期）", text)


def test_a_draft_that_would_reach_nobody_offers_no_sending(client_of, officer_haidian, officer_chaoyang):
    client = client_of(officer_haidian)
    client.post(NEW, written())
    briefing = Briefing.objects.get()
    assert 'id="send"' in client.get(at(briefing)).content.decode()
    client.post(at(briefing, "edit"), written(units=[]))
    page = client.get(at(briefing)).content.decode()
    assert 'id="send"' not in page
    assert "不能发送" in page


@pytest.mark.parametrize(("path", "budget"), [
    ("", 6), ("?show=unread", 6), ("new/", 4), ("draft/", 12), ("draft/edit/", 7), ("sent/", 8),
])  # fmt: skip
def test_budgets(client_of, officer_haidian, officer_chaoyang, director_haidian, path, budget):
    client = client_of(officer_haidian)
    client.get(NEW)
    draft, sent = (Briefing.objects.create(**facts(officer_haidian, state)) for state in ("draft", "sent"))

    def more(*people):
        for person in people:
            for briefing in (draft, sent):
                BriefingExpert(briefing=briefing, expert=make_expert()).save(force_insert=True)
            Receipt.objects.create(briefing=sent, user=person)
            Briefing.objects.create(**facts(officer_haidian, "sent"))

    url = "/briefings/" + path.replace("draft", str(draft.uuid)).replace("sent", str(sent.uuid))
    more(officer_chaoyang)
    one = queries(client, url)
    more(director_haidian, officer_haidian)
    three = queries(client, url)
    assert (len(one), len(three)) == (budget, budget), "\n".join(three)


def facts(by, state):
    own = {
        "unit": unit("D04"),
        "title": "近期情况",
        "text": "进展",
        "created_by": by,
        "units": [unit("D03").pk],
    }
    return own | ({"state": "sent", "sent_by": by, "sent_at": timezone.now()} if state == "sent" else {})
