"""Pages of units' priorities, and the places where they are named."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from experts.models import Priority, RosterEntry
from tests.experts.pages import at, body, field_errors, queries, said
from tests.factories import hold, make_expert, make_priority, propose, unit

pytestmark = pytest.mark.django_db
LIST, NEW = reverse("experts:priorities"), reverse("experts:priority_new")
today = timezone.localdate


@pytest.fixture
def director(client_of, director_haidian):
    return client_of(director_haidian)


@pytest.fixture
def officer(client_of, officer_haidian):
    return client_of(officer_haidian)


def posted(**changes):
    facts = {
        "unit": "D04",
        "name": "人工智能",
        "reason": "年度要点",
        "words": "人工智能、AI",
        "since": str(today()),
    }
    return facts | changes


def detail(priority):
    return reverse("experts:priority", args=[priority.uuid])


def test_first_it_is_shown_whom_it_concerns_then_it_is_saved(director):
    make_expert("甲一", fields_of_work="人工智能")
    make_expert("乙二", fields_of_work="ai 芯片", unit_code="D04-01")
    make_expert("丙三")
    page = director.post(NEW, posted(below="on"))
    shown = body(page)
    assert ("会涉及 2 人" in shown, "甲一" in shown, "乙二" in shown, "丙三" in shown) == (
        True,
        True,
        True,
        False,
    )
    assert Priority.objects.count() == 0
    saved = director.post(NEW, posted(below="on", confirmed=page.context["digest"]), follow=True)
    stated = Priority.objects.get()
    assert said(saved) == ["已设立联系重点“人工智能”。"]
    assert (stated.unit.code, stated.words, stated.below, stated.until) == (
        "D04",
        ["人工智能", "AI"],
        True,
        None,
    )
    assert "涉及 2 人" in body(saved)


def test_what_was_changed_after_the_preview_is_shown_again(director):
    digest = director.post(NEW, posted()).context["digest"]
    page = director.post(NEW, posted(words="桥梁", confirmed=digest))
    assert (page.status_code, page.context["draft"].words, Priority.objects.count()) == (200, ["桥梁"], 0)


@pytest.mark.parametrize(("changes", "errors"), [
    ({"unit": "D03"}, {"unit": ["请选择您负责审批的单位。"]}),
    ({"unit": "\0"}, {"unit": ["请选择您负责审批的单位。"]}),
    ({"name": ""}, {"name": ["请给这项联系重点起一个名称。"]}),
    ({"reason": ""}, {"reason": ["请写明理由或文件。"]}),
    ({"words": ""}, {"__all__": ["请至少填写一类条件：称号、领域、岗位或类别。"]}),
    ({"words": "长"}, {"words": ["“长”不合适：每个词请写 2 到 20 个字。"]}),
    ({"words": "词1、词2、词3、词4、词5、词6、词7、词8、词9、词10、词11"},
     {"words": ["最多写 10 个词；更多的请另立一项联系重点。"]}),
    ({"since": "明天"}, {"since": ["请填日期，如 2026-11-20。"]}),
    ({"since": "0001-01-01"}, {"since": ["开始日期请填 2014-05-06 以后、一年以内的日期。"]}),
    ({"until": "2020-01-01"}, {"until": ["最后一天请填今天以后、不早于开始的日期。"]}),
    ({"honours": ["NOPE"]}, {"honours": ["选择一个有效的选项。 NOPE 不在可用的选项中。"]}),
])  # fmt: skip
def test_what_cannot_be_stated_says_so_beside_the_field(director, changes, errors):
    response = director.post(NEW, posted(**changes))
    assert (response.status_code, field_errors(response)) == (422, errors)


def test_a_marked_text_is_refused_when_it_is_saved(director):
    data = posted(name="密级：机密")
    page = director.post(NEW, data | {"confirmed": director.post(NEW, data).context["digest"]})
    assert (page.status_code, "密级标志" in body(page), Priority.objects.count()) == (422, True, 0)


def test_another_begins_like_one_that_is_there(director):
    priority = make_priority(posts=["院长", "主任"], below=True, reason="老文件")
    page = director.get(f"{NEW}?like={priority.number}")
    shown = body(page)
    assert ("院长、主任" in shown, "老文件" in shown) == (True, True)
    assert director.get(f"{NEW}?like=%00").status_code == 200


def test_the_list_shows_what_a_roster_goes_by(officer, director, client_of, leader_city):
    make_priority(name="本级的")
    make_priority("BJ", name="市里的", below=True)
    make_priority("BJ", name="市自己的")
    make_priority("D04-01", name="下级的")
    make_priority(name="结束的", until=today() - timedelta(days=1))

    def names(client, query=""):
        return [row["priority"].name for row in client.get(LIST + query).context["rows"]]

    assert names(officer) == ["市里的", "本级的"]
    assert names(officer, "?below=yes") == ["下级的", "市里的", "本级的"]
    assert names(officer, "?ended=yes") == ["结束的", "市里的", "本级的"]
    assert names(officer, "?unit=D04-01") == ["下级的", "市里的"]
    assert names(client_of(leader_city), "?unit=BJ") == ["市自己的", "市里的"]
    assert ("新设联系重点" in body(director.get(LIST)), "新设联系重点" in body(officer.get(LIST))) == (
        True,
        False,
    )
    for query in ("?unit=D03", "?unit=D99", "?unit=%00"):
        assert officer.get(LIST + query).status_code == 404


def test_ending_takes_a_day_and_keeps_the_row(director, officer):
    priority = make_priority()
    end = reverse("experts:priority_end", args=[priority.uuid])
    assert officer.post(end, {"until": str(today())}).status_code == 403
    refused = director.post(end, {"until": "2020-01-01"})
    assert (refused.status_code, "昨天或以后" in body(refused)) == (422, True)
    assert said(director.post(end, {"until": str(today() - timedelta(days=1))}, follow=True)) == [
        "已记下最后一天。"
    ]
    page = body(director.get(detail(priority)))
    assert ("已结束" in page, 'data-dialog="end"' in page) == (True, False)
    assert "已经结束" in body(director.post(end, {"until": str(today())}))


def test_the_page_of_an_expert_names_the_priorities_of_its_unit_and_of_the_readers(
    officer, client_of, staff_city, officer_chaoyang
):
    priority = make_priority(name="芯片", words=["芯片"])
    make_priority("BJ", name="市级要点", words=["芯片"])
    make_priority(name="不符", words=["桥梁"])
    make_priority("D03", name="朝阳要点", words=["芯片"])
    expert = make_expert("甲", fields_of_work="芯片设计")
    hold(expert, "D03")
    shown = {
        user: body(client.get(at(expert)))
        for user, client in {
            "officer": officer, "city": client_of(staff_city), "chaoyang": client_of(officer_chaoyang),
        }.items()
    }  # fmt: skip
    card = shown["officer"]
    assert ("为什么是普遍联系" in card, "海淀区委联系重点：芯片" in card, "研究方向含“芯片”" in card) == (
        True,
    ) * 3
    assert priority.reason in card
    assert "不符" not in card
    named = {user: ("市级要点" in text, "朝阳要点" in text) for user, text in shown.items()}
    assert named == {"officer": (False, False), "city": (True, False), "chaoyang": (False, False)}
    assert "海淀区委联系重点：芯片" in shown["chaoyang"]


def test_the_worklist_marks_them_and_may_show_them_alone(officer):
    make_priority(name="芯片", words=["芯片"])
    make_expert("甲", fields_of_work="芯片")
    make_expert("乙", awards=["STATE_ALLOWANCE"])
    make_expert("丙", fields_of_work="芯片", awards=["STATE_ALLOWANCE"])
    page = reverse("proposals:to_admit")

    def names(query=""):
        return [gap.expert.name for gap in officer.get(page + query).context["page"].rows]

    assert names() == ["丙", "甲", "乙"]
    assert (names("?ground=priority"), names("?ground=rule")) == (["丙", "甲"], ["丙", "乙"])
    shown = body(officer.get(page + "?ground=priority"))
    assert (shown.count(">芯片</a>"), shown.count("享受政府特殊津贴专家")) == (2, 1)


def test_who_is_on_as_general_should_be_raised(officer, officer_haidian):
    make_priority(name="芯片", words=["芯片"])
    expert = make_expert("甲", fields_of_work="芯片")
    RosterEntry.objects.create(
        expert=expert, unit=unit("D04"), scope="general", since=today(), opened_by=propose(officer_haidian)
    )
    page = officer.get(reverse("proposals:to_raise"))
    assert [gap.expert for gap in page.context["page"].rows] == [expert]
    assert ("提出调整" in body(page), "芯片" in body(page)) == (True, True)
    assert "调整应为重点联系的专家" in body(officer.get("/"))


def test_a_proposal_suggests_and_explains(officer):
    make_priority(name="芯片", words=["芯片"])
    one, two = make_expert("甲", fields_of_work="芯片"), make_expert("乙")
    data = {"kind": "admit", "unit": "D04", "effective_on": str(today()), "note": ""}
    page = officer.post(reverse("proposals:create"), data | {"expert": [one.uuid, two.uuid]}, follow=True)
    shown = body(page)
    assert ("海淀区委联系重点：芯片" in shown, "研究方向含“芯片”" in shown) == (True, True)
    assert [view.line.scope for view in page.context["lines"]] == ["key", "general"]
    lines = page.context["proposal"].lines
    lines.filter(expert=two).update(scope="key")
    assert (
        body(officer.get(page.redirect_chain[-1][0])).count("与认定不一致") == 2
    )  # the line, and the choice of lines


def test_statements_are_the_same_at_one_priority_and_at_three(director):
    def grow(count):
        for _ in range(count):
            make_priority(words=["芯片"])
            make_expert(fields_of_work="芯片")

    grow(1)
    pages = [LIST, detail(Priority.objects.get()), NEW, reverse("proposals:to_admit")]
    director.get(NEW)
    one = [len(queries(director, page)) for page in pages]
    grow(2)
    three = [len(queries(director, page)) for page in pages]
    assert one == three == [5, 6, 6, 8]
