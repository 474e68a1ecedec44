"""The pages of pairings: what they list and offer, wrong input, and how many statements they take."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Unit, UnitSetting
from accounts.roles import Role
from activities.models import Pairing
from experts.enums import Label
from tests.activities.test_pairings import leader, listed
from tests.experts.pages import at, body, field_errors, queries, said
from tests.factories import enter, make_contact, make_expert, pair, restrict, unit

pytestmark = pytest.mark.django_db
LIST, UNPAIRED, PEOPLE, MINE, OPTIONS, BULK, NEW, HAND_OVER = (
    f"/pairings/{name}"
    for name in ("", "unpaired/", "people/", "mine/", "options/", "bulk/", "new/", "hand-over/")
)


@pytest.fixture
def client(client_of, officer_haidian):
    signed_in = client_of(officer_haidian)
    signed_in.get("/experts/suggest/")  # the first request of a session also notes when it was
    return signed_in


def names(response):
    return [row.expert.name for row in response.context["page"].rows]


def paired(name, person, code="D04", kind="leader", **facts):
    expert = make_expert(name, unit_code=code)
    enter(expert, code)
    return pair(expert, person, kind, code, **facts)


def leave(person):
    person.assignments.update(until=timezone.localdate() - timedelta(days=1))


# The list of pairings


@pytest.mark.parametrize(("query", "expected"), [
    ("", ["丁一", "李二", "王三"]),
    ("?kind=officer", ["王三"]),
    ("?vacant=yes", ["李二"]),
    ("?vacant=no", ["丁一", "王三"]),
    ("?unit=D04-01", ["王三"]),
    ("?q=李", ["李二"]),
    ("?q=lier", ["李二"]),
    ("?sort=-name", ["王三", "李二", "丁一"]),
    ("?sort=-since", ["王三", "李二", "丁一"]),
    ("?person=nobody", []),
    ("?unit=D03", []),
    ("?kind=nonsense", []),
    ("?after=nonsense&sort=nonsense&q=%00", []),
])  # fmt: skip
def test_the_list_by_what_the_address_asks(client, query, expected):
    gone = leader("离任的")
    paired("丁一", leader(), since=date(2020, 1, 1))
    paired("李二", gone, since=date(2021, 1, 1))
    paired(
        "王三", leader("联络", "D04-01", Role.LIAISON_OFFICER), "D04-01", "officer", since=date(2022, 1, 1)
    )
    paired("外人", leader(code="D03"), "D03")
    pair(make_expert("已结束"), gone, until=date(2024, 1, 1), closed_by=gone, end="ended")
    leave(gone)
    response = client.get(LIST + query)
    assert response.status_code == 200
    assert names(response) == expected


def test_the_list_of_one_person_leads_to_handing_all_over(client):
    person = leader(username="gone")
    paired("丁一", person)
    page = body(client.get(f"{LIST}?person=gone"))
    assert f"{HAND_OVER}?of=gone" in page
    assert "移交领导甲的全部专家" in page


def test_readers_see_the_lists_without_acts(client_of, leader_city):
    paired("丁一", leader())
    listed("王二")
    reader = client_of(leader_city)
    for url in (LIST, UNPAIRED):
        page = body(reader.get(url))
        assert "data-bulk-row" not in page
        assert "<tbody>" in page


def test_a_restricted_expert_is_not_in_the_numbers_of_others(
    client_of, client, officer_haidian, cleared_city
):
    person = leader()
    paired("丁一", person)
    restrict(paired("金丝雀", person).expert, cleared_city)
    other = client_of(cleared_city)
    url = f"{PEOPLE}?unit=D04"
    assert (client.get(LIST).context["total"], other.get(LIST).context["total"]) == (1, 2)
    assert ("1 / 3" in body(client.get(url)), "2 / 3" in body(other.get(url))) == (True, True)
    assert "金丝雀" not in body(client.get(LIST)) + body(client.get(UNPAIRED)) + body(client.get(url))


# Experts without anybody


def test_key_experts_without_a_leader_in_post_are_listed_with_who_has_left(client):
    gone = leader("离任的")
    paired("丁一", gone)
    paired("李二", leader())
    listed("王三")
    enter(make_expert("普通"), "D04", scope="general")
    make_expert("不在名单", awards=["CAS"])
    leave(gone)
    response = client.get(UNPAIRED)
    told = [(entry.expert.name, behind and str(behind.person)) for entry, behind in response.context["rows"]]
    assert told == [("丁一", "离任的"), ("王三", None)]
    assert "2 人没有联系领导，或联系领导已离任" in body(response)
    assert names(client.get(f"{UNPAIRED}?scope=all")) == ["丁一", "普通", "王三"]
    assert names(client.get(f"{UNPAIRED}?scope=general")) == ["普通"]
    assert names(client.get(f"{UNPAIRED}?kind=officer")) == ["丁一", "李二", "王三"]
    assert names(client.get(f"{UNPAIRED}?unit=D04-01")) == []
    assert client.get(f"{UNPAIRED}?scope=x&kind=y&unit=%00&q=%00").status_code == 200


def test_the_workbench_counts_the_gaps_of_the_own_unit_and_leads_to_them(client):
    listed("王甲", "王乙")
    listed("王下", code="D04-01")
    page = body(client.get("/"))
    assert "结对空缺" in page
    assert "2 人" in page
    link = f"{UNPAIRED}?own=yes&amp;unit=D04"
    assert link in page
    assert names(client.get(link.replace("&amp;", "&"))) == ["王甲", "王乙"]


def test_the_unit_page_tells_of_gaps_and_of_who_has_left(client):
    gone = leader("离任的")
    paired("丁一", gone)
    listed("王二")
    leave(gone)
    page = body(client.get("/units/D04/"))
    assert "重点专家没有联系领导" in page
    assert '<b class="due-late">2 人</b>' in page
    assert '<b class="due-late">1 对</b>' in page


# People


def test_people_with_what_they_have_and_those_who_have_left(client):
    UnitSetting.objects.create(unit=unit("D04"), key="first_leader_capacity", value=4)
    first, gone = leader("书记"), leader("离任的")
    Unit.objects.filter(code="D04").update(first_leader=first)
    paired("丁一", first)
    paired("李二", gone)
    leave(gone)
    response = client.get(PEOPLE)
    rows = {str(held.user): posts for held, posts in response.context["rows"]}
    assert rows["书记"]["leader"].load_text == "1 / 4"
    assert [(str(each.person), each.count) for each in response.context["gone"]] == [("离任的", 1)]
    assert "主要领导" in body(response)
    assert client.get(f"{PEOPLE}?unit=D03&after=x").context["unit"] == unit("D04")


def test_a_picker_offers_who_may_be_chosen_with_what_they_have(client):
    full, other = leader("满员的"), leader("有空的")
    for name in ("甲", "乙", "丙"):
        paired(name, full)
    leader("外区的", "D03")
    leave(leader("离任的"))
    offered = client.get(f"{OPTIONS}?kind=leader&unit=D04").json()["results"]
    details = {row["text"]: row["detail"] for row in offered}
    assert details == {"满员的": "海淀区委 · 已满 3 / 3", "有空的": "海淀区委 · 已联系 0 / 3 名"}
    assert [row["text"] for row in client.get(f"{OPTIONS}?kind=leader&q=有空").json()["results"]] == [
        "有空的"
    ]
    assert [row["text"] for row in client.get(f"{OPTIONS}?paired=yes").json()["results"]] == ["满员的"]
    assert client.get(f"{OPTIONS}?kind=x").status_code == 400
    assert client.get(f"{OPTIONS}?q=%00&unit=%00").status_code == 200
    assert other.username in {row["value"] for row in offered}


# Acts


def test_ticked_experts_are_paired_and_the_list_of_the_person_follows(client):
    person, entries = leader(username="leader"), listed("王甲", "王乙")
    address = f"{NEW}?kind=leader&" + "&".join(f"entry={entry.uuid}" for entry in entries)
    page = body(client.get(address))
    assert page.count("checked") == 2
    sent = {
        "kind": "leader",
        "entry": [entry.uuid for entry in entries],
        "person": "leader",
        "since": "2026-01-05",
    }
    response = client.post(NEW, sent, follow=True)
    assert said(response) == ["已由领导甲联系 2 名专家。"]
    assert names(response) == ["王甲", "王乙"]
    assert Pairing.objects.filter(person=person, since=date(2026, 1, 5)).count() == 2


@pytest.mark.parametrize(("sent", "field"), [
    ({"person": ""}, "person"),
    ({"person": "nobody"}, "person"),
    ({"person": "\0"}, "person"),
    ({"since": "x"}, "since"),
    ({"since": "2999-01-01"}, "since"),
    ({"entry": ["x"]}, "__all__"),
])  # fmt: skip
def test_what_is_wrong_is_said_beside_its_field(client, sent, field):
    leader(username="leader")
    entry = listed("王甲")[0]
    given = {"kind": "leader", "entry": [entry.uuid], "person": "leader", "since": "2026-01-05"} | sent
    response = client.post(NEW, given)
    assert response.status_code == 422
    assert list(field_errors(response)) == [field]
    assert Pairing.objects.count() == 0


def test_above_the_limit_nobody_is_paired_and_the_page_says_how_many_there_is_room_for(client):
    leader(username="leader")
    entries = listed("甲", "乙", "丙", "丁")
    sent = {"kind": "leader", "entry": [e.uuid for e in entries], "person": "leader", "since": "2026-01-05"}
    response = client.post(NEW, sent)
    assert "还能再安排 3 名，这次选了 4 名" in field_errors(response)["person"][0]
    assert body(response).count('name="entry"') == 4


def test_all_experts_of_one_who_has_left_are_handed_over(client):
    gone, heir = leader("离任的", username="gone"), leader("接任的", username="heir")
    for name in ("甲", "乙", "丙"):
        paired(name, gone)
    paired("丁", gone, kind="officer")
    leave(gone)
    page = client.get(f"{HAND_OVER}?of=gone&kind=leader&unit=D04")
    assert [expert.name for _, expert, *_ in page.context["rows"]] == ["丙", "甲", "乙"]
    sent = {
        "pairing": [row.uuid for row, *_ in page.context["rows"]],
        "person": "heir",
        "since": "2026-11-01",
    }
    response = client.post(HAND_OVER, sent, follow=True)
    assert said(response) == ["已由接任的联系 3 名专家。"]
    assert Pairing.objects.open().filter(person=heir).count() == 3
    assert Pairing.objects.vacant(timezone.localdate()).count() == 1


def test_ticked_pairings_are_ended_or_lead_to_the_form(client):
    one, two = paired("甲", leader()), paired("乙", leader("领导乙"))
    response = client.post(BULK, {"act": "hand_over", "pairing": [one.uuid, two.uuid]})
    assert response.url == f"{HAND_OVER}?pairing={one.uuid}&pairing={two.uuid}"
    response = client.post(BULK, {"act": "end", "pairing": [one.uuid], "query": "kind=leader"}, follow=True)
    assert said(response) == ["已解除 1 对。"]
    assert response.redirect_chain[0][0] == f"{LIST}?kind=leader"
    assert said(client.post(BULK, {"act": "end", "pairing": ["x", one.uuid]}, follow=True)) == [
        "没有解除：已由别人办理，或不归您维护。"
    ]
    assert said(client.post(BULK, {"act": "end"}, follow=True)) == ["请先勾选。"]
    back = client.post(BULK, {"act": "end", "pairing": [two.uuid], "expert": two.expert.uuid})
    assert back.url == reverse("pairings:expert", args=[two.expert.uuid])


def test_hidden_pairings_and_entries_are_like_none(client):
    elsewhere = paired("外人", leader(code="D03"), "D03")
    entry = listed("外人二", code="D03")[0]
    assert client.get(f"{HAND_OVER}?pairing={elsewhere.uuid}").context["rows"] == []
    assert client.get(f"{NEW}?entry={entry.uuid}").context["rows"] == []


# The expert's page and one's own experts


def test_the_page_of_an_expert_shows_who_keeps_in_touch_and_leads_to_change(client):
    made = paired("丁一", leader(), since=date(2024, 5, 6))
    page = body(client.get(at(made.expert)))
    assert "领导甲" in page
    assert "自 2024-05-06" in page
    url = reverse("pairings:expert", args=[made.expert.uuid])
    assert url in page
    page = body(client.get(url))
    assert f"{HAND_OVER}?pairing={made.uuid}" in page
    assert "联络员：未安排" in page
    leave(made.person)
    assert "已离任" in body(client.get(at(made.expert)))


def test_the_page_keeps_who_was_there_before(client, officer_haidian):
    made = paired(
        "丁一", leader("前任"), until=date(2025, 3, 1), closed_by=officer_haidian, end="handed_over"
    )
    page = body(client.get(reverse("pairings:expert", args=[made.expert.uuid])))
    assert "前任" in page
    assert "2020-01-01 至 2025-03-01 · 移交" in page


def test_who_is_on_no_roster_is_said_to_be_listed_first(client):
    expert = make_expert("不在名单")
    assert "不在您看得到的名单上" in body(client.get(reverse("pairings:expert", args=[expert.uuid])))


def test_ones_own_experts_whose_contact_is_due_first_come_first(client_of):
    person = leader(clearance=Label.SENSITIVE)
    for name, ago in (("王近", 10), ("王远", 200), ("王中", 80)):
        made = paired(name, person)
        make_contact(person, made.expert, timezone.localdate() - timedelta(days=ago), way="leader")
    paired("别人的", leader("领导乙"))
    response = client_of(person).get(MINE)
    assert names(response) == ["王远", "王中", "王近"]
    page = body(response)
    assert "超期" in page
    assert "别人的" not in page
    leave(person)
    assert client_of(person).get(MINE).status_code == 403


@pytest.mark.parametrize(("url", "budget"), [
    (LIST, 6), (f"{LIST}?unit=D04&person=ME", 8), (UNPAIRED, 7), (PEOPLE, 11), (MINE, 7),
    (f"{OPTIONS}?kind=leader", 9),
])  # fmt: skip
def test_budgets(client_of, director_haidian, url, budget):
    client, url = client_of(director_haidian), url.replace("ME", director_haidian.username)
    client.get("/experts/suggest/")

    def more(*those):
        for name in those:
            paired(name, director_haidian)
            paired(f"{name}空", leader(f"走{name}"))
            listed(f"{name}无")
            leave(Pairing.objects.last().person)

    more("甲")
    one = queries(client, url)
    more("乙", "丙")
    three = queries(client, url)
    assert (len(one), len(three)) == (budget, budget), "\n".join(three)


def test_the_budget_of_an_experts_pairings(client):
    made = paired("甲", leader())
    url = reverse("pairings:expert", args=[made.expert.uuid])
    one = queries(client, url)
    for code in ("D04-01",):
        enter(made.expert, code)
        pair(made.expert, leader(code=code), unit_code=code)
    pair(made.expert, leader(), "officer", until=date(2024, 1, 1), closed_by=made.person, end="ended")
    three = queries(client, url)
    assert (len(one), len(three)) == (8, 8), "\n".join(three)
