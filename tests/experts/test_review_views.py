"""The pages of the yearly review, and the item on the workbench that leads to them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from experts.models import Expert, ReviewRound
from tests.access.test_routes import TOKEN
from tests.experts.pages import NEW, at, body, edited, field_errors, queries, rows, said
from tests.factories import make_expert, make_round, make_user, restrict

pytestmark = pytest.mark.django_db
REVIEWS, OPEN = "/experts/reviews/", "/experts/reviews/new/"
today = timezone.localdate
OLD = today() - timedelta(days=400)


def page_of(review, *rest):
    return "/".join([f"{REVIEWS}{review.uuid}", *rest, ""])


def lines(response):
    return [(line.label, line.done, line.covered) for line in response.context["lines"]]


def test_a_head_opens_a_round_and_its_page_lists_who_waits(client_of, director_haidian):
    make_expert("旧的", confirmed_on=OLD)
    make_expert("下面的", unit_code="D04-01", confirmed_on=None)
    make_expert("今天的")
    sent = {"unit": "D04", "starts_on": today().isoformat(), "due_on": ""}
    response = client_of(director_haidian).post(OPEN, sent, follow=True)
    assert said(response) == ["已发起年度复核。"]
    assert sorted(rows(response)) == ["下面的", "旧的"]
    review = ReviewRound.objects.get()
    assert response.redirect_chain == [(page_of(review), 302)]
    own, below = lines(response)
    assert (own, below[1:]) == (("海淀区（本级）", 1, 2), (0, 1)) or (own[1:], below[1:]) == ((1, 2), (0, 1))
    assert (response.context["total"], response.context["exact"]) == (2, True)


@pytest.mark.parametrize(("changes", "errors"), [
    ({"unit": ""}, {"unit": ["请选择单位。"]}),
    ({"unit": "D03"}, {"unit": ["请从名单中选择您负责审批的单位。"]}),
    ({"unit": "D04\0"}, {"unit": ["请从名单中选择您负责审批的单位。"]}),
    ({"starts_on": ""}, {"starts_on": ["请填日期。"]}),
    ({"starts_on": "昨天"}, {"starts_on": ["请填日期，如 2026-11-20。"]}),
    ({"starts_on": "9999-12-31"}, {"starts_on": ["开始日期请填前后一年以内的日子。"]}),
    ({"starts_on": "0001-01-01"}, {"starts_on": ["开始日期请填前后一年以内的日子。"]}),
    ({"due_on": "2001-01-01"}, {"due_on": ["截止日期请填开始日期之后、一年以内的日子。"]}),
    ({"due_on": "9999-12-31"}, {"due_on": ["截止日期请填开始日期之后、一年以内的日子。"]}),
])  # fmt: skip
def test_wrong_input_is_told_and_opens_nothing(client_of, director_haidian, changes, errors):
    sent = {"unit": "D04", "starts_on": today().isoformat(), "due_on": ""} | changes
    response = client_of(director_haidian).post(OPEN, sent)
    assert (response.status_code, field_errors(response)) == (422, errors)
    assert not ReviewRound.objects.exists()


def test_a_second_round_of_the_year_is_refused_in_words(client_of, director_haidian):
    make_round()
    response = client_of(director_haidian).post(OPEN, {"unit": "D04", "starts_on": today().isoformat()})
    assert response.status_code == 422
    assert "年已经有一轮年度复核" in body(response)


def test_ticked_ones_are_confirmed_and_leave_the_list(client_of, officer_haidian):
    review, client = make_round(), client_of(officer_haidian)
    ticked = [make_expert(name, confirmed_on=OLD) for name in ("甲", "乙")]
    make_expert("丙", confirmed_on=OLD)
    elsewhere = make_expert("丁", unit_code="D03", confirmed_on=OLD)
    sent = {"expert": [str(each.uuid) for each in (*ticked, elsewhere)], "query": "scope=general"}
    response = client.post(page_of(review, "confirm"), sent, follow=True)
    assert said(response) == ["已核实 2 人。", "1 人未核实：您没有维护权限。"]
    assert response.redirect_chain == [(page_of(review) + "?scope=general", 302)]
    assert rows(response) == ["丙"]
    assert (response.context["all"].done, response.context["all"].covered) == (2, 3)
    ticked[0].refresh_from_db()
    assert ticked[0].confirmations == {"all": [today().isoformat(), officer_haidian.pk, "review"]}


@pytest.mark.parametrize(("sent", "words"), [
    ({}, ["请先勾选要核实的专家。"]),
    ({"expert": ["没有这个"]}, ["1 人未核实：您没有维护权限。"]),
    ({"expert": ["00000000-0000-4000-8000-000000000000"]}, ["1 人未核实：您没有维护权限。"]),
])  # fmt: skip
def test_ticking_nothing_or_nonsense_changes_nothing(client_of, officer_haidian, sent, words):
    expert = make_expert("甲", confirmed_on=OLD)
    response = client_of(officer_haidian).post(page_of(make_round(), "confirm"), sent, follow=True)
    expert.refresh_from_db()
    assert (said(response), expert.confirmed_on) == (words, OLD)


def test_correcting_leads_back_to_the_list_and_confirms_the_record(client_of, officer_haidian):
    review, client = make_round(), client_of(officer_haidian)
    expert = make_expert("甲", confirmed_on=OLD, category="other")
    form = f"{at(expert, 'edit')}?review={review.uuid}"
    assert form in body(client.get(page_of(review)))
    assert "保存并核实" in body(client.get(form))
    response = client.post(form, edited(expert, post="新职"), follow=True)
    assert response.redirect_chain == [(page_of(review), 302)]
    expert.refresh_from_db()
    assert (expert.post, expert.confirmed_on, rows(response)) == ("新职", today(), [])


def lines_of(experts, **changes):
    """The form of several lines as a browser sends it back."""
    sent = {"expert": [str(each.uuid) for each in experts]}
    for each in experts:
        facts = {"employer": each.employer, "post": each.post, "title": each.title, "category": "other"}
        for name, value in (facts | {"version": each.version} | changes.get(each.name, {})).items():
            sent[f"{each.uuid}-{name}"] = value
    return sent


def test_several_are_corrected_and_confirmed_together(client_of, officer_haidian):
    review, client = make_round(), client_of(officer_haidian)
    one, two = (make_expert(name, confirmed_on=OLD, post="旧职", category="other") for name in "甲乙")
    ticked = {"expert": [str(each.uuid) for each in (one, two)], "act": "correct"}
    page = client.post(page_of(review, "confirm"), ticked, follow=True)
    assert [form.instance.name for form in page.context["forms"]] == ["甲", "乙"]
    done = client.post(page_of(review, "correct"), lines_of([one, two], 甲={"post": "新职"}), follow=True)
    assert (said(done), rows(done)) == (["已更正并核实 2 人。"], [])
    assert done.redirect_chain == [(page_of(review), 302)]
    for each, post in ((one, "新职"), (two, "旧职")):
        each.refresh_from_db()
        assert (each.post, each.confirmed_on) == (post, today())


def test_a_line_that_cannot_be_saved_stays_and_says_why(client_of, officer_haidian):
    review, client = make_round(), client_of(officer_haidian)
    one, two, three = (
        make_expert(name, confirmed_on=OLD, post="旧职", category="other") for name in "甲乙丙"
    )
    sent = lines_of([one, two, three], 乙={"employer": "密级：秘密"}, 丙={"version": 99})
    page = client.post(page_of(review, "correct"), sent)
    assert (page.status_code, said(page)) == (422, ["已更正并核实 1 人。"])
    assert {form.instance.name: (form.stale, list(form.errors)) for form in page.context["forms"]} == {
        "乙": (False, ["employer"]), "丙": (True, []),
    }  # fmt: skip
    assert "刚被别人改过，请重新核对" in body(page)
    for each, day in ((one, today()), (two, OLD), (three, OLD)):
        each.refresh_from_db()
        assert each.confirmed_on == day


def test_nobody_corrects_what_they_may_not_change(client_of, officer_haidian, leader_city):
    review = make_round()
    elsewhere = make_expert("丁", unit_code="D03", confirmed_on=OLD, category="other")
    sent = lines_of([elsewhere], 丁={"post": "新职"})
    assert client_of(leader_city).post(page_of(review, "correct"), sent).status_code == 403
    answered = client_of(officer_haidian).post(page_of(review, "correct"), sent, follow=True)
    assert said(answered) == ["请先勾选要更正的专家。"]
    elsewhere.refresh_from_db()
    assert (elsewhere.post, elsewhere.confirmed_on) == ("", OLD)


@pytest.mark.parametrize(
    "query", ["", "?expert=x", "?expert=%00", "?expert=00000000-0000-4000-8000-0000000000ab"]
)
def test_correcting_nobody_leads_back(client_of, officer_haidian, query):
    review = make_round()
    answered = client_of(officer_haidian).get(page_of(review, "correct") + query)
    assert answered["Location"] == page_of(review)


@pytest.mark.parametrize("review", ["//evil.example", "1", "%00"])
def test_the_form_leads_back_to_rounds_only(client_of, officer_haidian, review):
    expert = make_expert("甲", confirmed_on=OLD, category="other")
    response = client_of(officer_haidian).post(f"{at(expert, 'edit')}?review={review}", edited(expert))
    assert response["Location"] == at(expert)


def test_the_list_is_filtered_and_paged_by_key(client_of, officer_haidian):
    review, client = make_round(), client_of(officer_haidian)
    for number in range(30):
        make_expert(f"王{number:02}", confirmed_on=OLD)
    make_expert("李四", unit_code="D04-01", confirmed_on=OLD)
    assert rows(client.get(page_of(review) + "?q=李")) == ["李四"]
    assert rows(client.get(page_of(review) + "?unit=D04-01")) == ["李四"]
    assert client.get(page_of(review) + "?unit=D04-01").context["total"] == 1
    first = client.get(page_of(review))
    second = client.get(page_of(review) + first.context["next_url"])
    names = rows(first) + rows(second)
    assert (len(rows(first)), len(names), len(set(names))) == (25, 31, 31)
    for wrong in ("?after=xx", "?unit=D99", "?scope=nonsense", "?q=%00"):
        assert client.get(page_of(review) + wrong).status_code == 200


def test_the_head_closes_with_a_note_and_rounds_follow_each_other(client_of, director_haidian):
    start = today().replace(day=1, month=1)
    before = make_round(starts_on=start.replace(year=start.year - 1))
    review, client = make_round(), client_of(director_haidian)
    make_expert("甲", confirmed_on=OLD)
    response = client.post(page_of(review, "close"), {"note": "一人出国"}, follow=True)
    assert said(response) == ["这轮复核已结束。"]
    assert "一人出国" in body(response)
    assert (response.context["all"].done, response.context["all"].covered) == (0, 1)
    assert (response.context["earlier"], response.context["later"]) == (before, None)
    assert client.get(page_of(before)).context["later"] == review
    again = client.post(page_of(review, "close"), {"note": "再来"})
    assert (again.status_code, "这轮复核已经结束。" in body(again)) == (422, True)


@pytest.mark.parametrize("note", ["长" * 201, "机密★5年"])
def test_a_wrong_note_closes_nothing(client_of, director_haidian, note):
    review = make_round()
    response = client_of(director_haidian).post(page_of(review, "close"), {"note": note})
    review.refresh_from_db()
    assert (response.status_code, review.closed_at) == (422, None)


def test_a_planned_round_shows_no_list_yet(client_of, officer_haidian):
    make_expert("甲", confirmed_on=OLD)
    planned = make_round(starts_on=today() + timedelta(days=20))
    page = client_of(officer_haidian).get(page_of(planned))
    assert "这轮复核还没有开始" in body(page)
    assert "甲" not in body(page)


def test_a_restricted_record_changes_nothing_for_others(client_of, officer_haidian, cleared_city):
    review = make_round()
    make_expert("甲", confirmed_on=OLD)
    client = client_of(officer_haidian)
    before = [TOKEN.sub("", body(client.get(page))) for page in (page_of(review), REVIEWS, "/")]
    restrict(make_expert("限知悉", confirmed_on=OLD), cleared_city, make_user())
    assert [TOKEN.sub("", body(client.get(page))) for page in (page_of(review), REVIEWS, "/")] == before
    listed = client_of(cleared_city).get(page_of(review))
    assert (sorted(rows(listed)), listed.context["total"]) == (["甲", "限知悉"], 2)


def test_the_workbench_leads_officers_to_the_round(client_of, officer_haidian, monkeypatch):
    review = make_round()
    client = client_of(officer_haidian)
    assert "年度复核：" not in body(client.get("/"))
    for name in ("甲", "乙", "丙"):
        make_expert(name, confirmed_on=OLD)
    item = next(each for each in client.get("/").context["lines"] if each.title.startswith("年度复核"))
    assert (item.due_text, item.url, item.tone) == ("3 人", page_of(review), "blue")
    monkeypatch.setattr("experts.reviewing.COUNT_LIMIT", 2)
    assert "超过 2 人" in body(client.get("/"))
    Expert.objects.update(confirmed_on=today())
    assert "年度复核：" not in body(client.get("/"))


@pytest.mark.parametrize(("query", "budget"), [("", 8), ("?scope=general", 9), ("?unit=D04-01", 9)])
def test_the_round_takes_the_same_statements_at_one_row_and_at_three(
    client_of, officer_haidian, query, budget
):
    review, client = make_round(), client_of(officer_haidian)
    client.get(NEW)
    make_expert("甲", unit_code="D04-01", confirmed_on=OLD)
    first = queries(client, page_of(review) + query)
    for name in ("乙", "丙"):
        make_expert(name, unit_code="D04-01", confirmed_on=OLD)
    second = queries(client, page_of(review) + query)
    assert (len(first), len(second)) == (budget, budget), "\n".join(second)


def test_the_list_of_rounds_takes_the_same_statements_at_one_row_and_at_three(client_of, officer_haidian):
    client = client_of(officer_haidian)
    client.get(NEW)
    make_round()
    first = queries(client, REVIEWS)
    make_round("D04-01")
    make_round("BJ")
    second = queries(client, REVIEWS)
    assert (len(first), len(second)) == (5, 5), "\n".join(second)
