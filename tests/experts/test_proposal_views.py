"""Proposals in the pages: from the list to the decision, what is refused, and who sees what."""

from datetime import date

import pytest
from django.urls import reverse

from audit.models import Event
from experts.actions import proposals as acts
from experts.models import Proposal, ProposalKind, RosterEntry
from tests.experts.pages import body, field_errors, queries, said
from tests.factories import make_expert, restrict, unit

pytestmark = pytest.mark.django_db
LIST, NEW = reverse("proposals:list"), reverse("proposals:create")
DAY = date(2026, 1, 10)


@pytest.fixture
def officer(client_of, officer_haidian):
    return client_of(officer_haidian)


@pytest.fixture
def director(client_of, director_haidian):
    return client_of(director_haidian)


def posted(*experts, **changes):
    facts = {"kind": "admit", "unit": "D04", "effective_on": "2026-01-10", "note": ""}
    return facts | {"expert": [str(each.uuid) for each in experts]} | changes


def at(proposal, name="detail"):
    return reverse(f"proposals:{name}", args=[proposal.uuid])


def begin(client, *experts, **changes):
    client.post(NEW, posted(*experts, **changes))
    return Proposal.objects.latest("pk")


def step(client, proposal, name, note="", **more):
    return client.post(at(proposal, "act"), {"step": name, "note": note} | more)


def fill(client, proposal, **facts):
    return client.post(at(proposal, "all_lines"), facts)


def submitted(client, *experts, **changes):
    proposal = begin(client, *experts, **changes)
    fill(client, proposal, conditions_met="on")
    step(client, proposal, "submit")
    return proposal


def admitted(officer, director, *experts):
    proposal = submitted(officer, *experts)
    step(director, proposal, "review")
    step(director, proposal, "approve")
    proposal.refresh_from_db()
    assert proposal.state == "approved"
    return proposal


def test_from_the_draft_to_the_roster(officer, director):
    one, two = make_expert("甲一", awards=["CAS"]), make_expert("乙二")
    page = officer.post(NEW, posted(one, two, note="年度增补"), follow=True)
    proposal = Proposal.objects.get()
    assert page.redirect_chain == [(at(proposal), 302)]
    shown = body(page)
    assert all(text in shown for text in ("甲一", "年度增补", "恪守职业道德"))
    assert said(fill(officer, proposal, conditions_met="on") and officer.get(at(proposal))) == [
        "已应用到 2 人。"
    ]
    assert step(officer, proposal, "submit", "请审核").status_code == 302
    assert "办理名单提案" in body(director.get("/"))
    assert "办理名单提案" not in body(officer.get("/"))
    assert "审核通过" in body(director.get(at(proposal)))
    for name in ("review", "approve"):
        assert step(director, proposal, name).status_code == 302
    page = body(officer.get(at(proposal)))
    assert ("已批准" in page, "请审核" in page, "保存本页" in page) == (True, True, False)
    entries = RosterEntry.objects.of(unit("D04")).as_of(DAY)
    assert set(entries.values_list("expert__name", "scope")) == {("甲一", "key"), ("乙二", "general")}


def test_lines_are_saved_with_the_submission_and_what_lacks_is_said_beside_them(officer):
    proposal = begin(officer, make_expert("甲一", awards=["CAS"]), make_expert("乙二"))
    one, two = proposal.lines.order_by("expert__sort_key")
    sent = {"step": "submit", "line": [str(one.uuid), str(two.uuid)]}
    sent |= {f"{each.uuid}-scope": each.scope for each in (one, two)}
    refused = officer.post(at(proposal, "act"), sent | {f"{one.uuid}-conditions_met": "on"})
    assert refused.status_code == 422
    said_of = {view.line.pk: view.problem for view in refused.context["lines"]}
    assert said_of == {one.pk: "", two.pk: "请逐项确认符合基本条件（三）"}
    assert set(proposal.lines.filter(conditions_met=True)) == {one}  # kept although nothing was submitted
    sent |= {f"{each.uuid}-conditions_met": "on" for each in (one, two)}
    assert officer.post(at(proposal, "act"), sent).status_code == 302
    proposal.refresh_from_db()
    assert proposal.state == "submitted"


def test_who_does_not_fit_is_named_and_the_others_are_kept(officer, director):
    on, off = make_expert("在册"), make_expert("未册")
    admitted(officer, director, on)
    page = officer.post(NEW, posted(on, off), follow=True)
    assert said(page)[-1:] == ["没有加入的专家——在册：已经在本单位名单上。"]
    proposal = Proposal.objects.latest("pk")
    assert [line.expert for line in proposal.lines.all()] == [off]
    added = officer.post(at(proposal, "add"), {"expert": [str(on.uuid)]}, follow=True)
    assert said(added)[-1:] == ["没有加入的专家——在册：已经在本单位名单上。"]
    assert proposal.lines.count() == 1


@pytest.mark.parametrize(("changes", "errors"), [
    ({"kind": ""}, {"kind": ["这个字段是必填项。"]}),
    ({"kind": "x"}, {"kind": ["请选择事项。"]}),
    ({"unit": ""}, {"unit": ["请选择单位。"]}),
    ({"unit": "D03"}, {"unit": ["您没有在该单位维护专家的权限，请另选单位。"]}),
    ({"unit": "D99\0"}, {"unit": ["您没有在该单位维护专家的权限，请另选单位。"]}),
    ({"effective_on": ""}, {"effective_on": ["请填生效日期。"]}),
    ({"effective_on": "明天"}, {"effective_on": ["请填日期，如 2026-11-20。"]}),
    ({"effective_on": "9999-12-31"}, {"effective_on": ["生效日期请填 2014-05-06 以后、一年以内的日期。"]}),
    ({"effective_on": "0001-01-01"}, {"effective_on": ["生效日期请填 2014-05-06 以后、一年以内的日期。"]}),
    ({"note": "密级：绝密"}, {"note": ["文字带有“密级：绝密”字样。本系统为非涉密系统，不能录入。"]}),
])  # fmt: skip
def test_what_cannot_begin_says_so_beside_the_field(officer, changes, errors):
    response = officer.post(NEW, posted(make_expert("甲"), **changes))
    assert (response.status_code, field_errors(response)) == (422, errors)
    assert Proposal.objects.count() == 0


@pytest.mark.parametrize("expert", ["x", "", "\0", "00000000-0000-4000-8000-000000000000"])
def test_keys_that_lead_nowhere_add_nobody(officer, expert):
    proposal = begin(officer, expert=[expert])
    assert proposal.lines.count() == 0
    officer.post(at(proposal, "add"), {"expert": [expert]})
    officer.post(at(proposal, "lines"), {"line": [expert]})
    assert proposal.lines.count() == 0


def test_a_hidden_expert_is_added_by_no_key(officer, cleared_city):
    hidden = restrict(make_expert("金丝雀"), cleared_city)
    elsewhere = make_expert("朝阳人", unit_code="D03")
    proposal = begin(officer, hidden, elsewhere)
    officer.post(at(proposal, "add"), {"expert": [str(hidden.uuid), str(elsewhere.uuid)]})
    assert proposal.lines.count() == 0


def line_data(proposal, **changes):
    data = {"line": []}
    for line in proposal.lines.all():
        data["line"].append(str(line.uuid))
        facts = {"scope": line.scope, "category": line.category, "note": line.note} | changes
        data |= {f"{line.uuid}-{name}": value for name, value in facts.items()}
    return data


def test_lines_are_saved_where_they_were_changed(officer):
    proposal = begin(officer, make_expert("甲"), make_expert("乙"))
    data = line_data(proposal)
    first = proposal.lines.first()
    data |= {
        f"{first.uuid}-conditions_met": "on",
        f"{first.uuid}-category": "other",
        f"{first.uuid}-scope": "key",
    }
    page = officer.post(at(proposal, "lines"), data, follow=True)
    assert said(page)[-1:] == ["已保存 1 人。"]
    first.refresh_from_db()
    assert (first.conditions_met, first.category, first.scope) == (True, "other", "key")
    assert [line.conditions_met for line in proposal.lines.order_by("pk")] == [True, False]
    assert said(officer.post(at(proposal, "lines"), {}, follow=True)) == ["没有改动。"]


@pytest.mark.parametrize(("changes", "text"), [
    ({"scope": ""}, "这个字段是必填项。"),
    ({"scope": "x"}, "选择一个有效的选项"),
    ({"category": "x"}, "选择一个有效的选项"),
    ({"note": "机密★"}, "机密"),
    ({"note": "长" * 201}, "200"),
])  # fmt: skip
def test_a_line_that_cannot_be_saved_says_so_beside_it(officer, changes, text):
    proposal = begin(officer, make_expert("甲"))
    response = officer.post(at(proposal, "lines"), line_data(proposal, **changes))
    assert (response.status_code, text in body(response)) == (422, True)
    line = proposal.lines.get()
    assert (line.scope, line.category, line.note) == ("general", "", "")


def test_the_same_for_all_lines_in_one_act(officer):
    proposal = begin(officer, make_expert("甲", awards=["CAS"]), make_expert("乙"))
    fill(officer, proposal, scope="general", category="other", conditions_met="on")
    assert set(proposal.lines.values_list("scope", "category", "conditions_met")) == {
        ("general", "other", True)
    }
    fill(officer, proposal, scope="rule")
    assert list(proposal.lines.order_by("pk").values_list("expert__name", "scope")) == [
        ("甲", "key"),
        ("乙", "general"),
    ]
    refused = fill(officer, proposal)
    assert (refused.status_code, "请先选择要改成什么" in body(refused)) == (422, True)
    assert fill(officer, proposal, scope="x").status_code == 422


def test_lines_are_found_and_those_found_are_filled_alone(officer):
    people = [
        make_expert(name, awards=awards) for name, awards in (("张一", ["CAS"]), ("张二", []), ("李三", []))
    ]
    proposal = begin(officer, *people)
    proposal.lines.filter(expert=people[1]).update(scope="key")

    def shown(query):
        return [view.line.expert.name for view in officer.get(at(proposal) + query).context["lines"]]

    assert (shown("?q=zhang"), shown("?q=李"), shown("?q=%00")) == (
        ["张二", "张一"],
        ["李三"],
        ["李三", "张二", "张一"],
    )
    assert (shown("?show=differs"), shown("?show=x&q=none")) == (["张二"], [])
    filled = fill(officer, proposal, category="other", query="q=zhang")
    assert filled.headers["Location"] == at(proposal) + "?q=zhang"
    assert set(proposal.lines.filter(category="other").values_list("expert__name", flat=True)) == {
        "张一",
        "张二",
    }
    assert "统一填写筛选出的 2 人" in body(officer.get(at(proposal) + "?q=zhang"))


def test_those_that_are_ticked_are_filled_or_taken_out_and_typed_text_is_kept(officer):
    proposal = begin(officer, make_expert("甲"), make_expert("乙"), make_expert("丙"))
    first, second, third = proposal.lines.order_by("expert__sort_key")
    data = line_data(proposal, note="已核对") | {"chosen": [str(first.uuid), str(third.uuid)]}
    page = officer.post(at(proposal, "lines"), data | {"apply": "yes", "conditions_met": "on"}, follow=True)
    assert said(page)[-1:] == ["已应用到 2 人。"]
    assert [line.conditions_met for line in proposal.lines.order_by("expert__sort_key")] == [
        True,
        False,
        True,
    ]
    assert set(proposal.lines.values_list("note", flat=True)) == {"已核对"}
    refused = officer.post(at(proposal, "lines"), data | {"apply": "yes"})
    assert (refused.status_code, "请先选择要改成什么" in body(refused)) == (422, True)
    page = officer.post(
        at(proposal, "lines"), {"chosen": [str(second.uuid), "x"], "remove": "yes"}, follow=True
    )
    assert said(page)[-1:] == ["已移出 1 人。"]
    assert proposal.lines.count() == 2


def test_lines_of_another_proposal_are_neither_filled_nor_taken_out(officer):
    one, two = begin(officer, make_expert("甲")), begin(officer, make_expert("乙"))
    chosen = {"chosen": [str(two.lines.get().uuid)]}
    officer.post(at(one, "lines"), chosen | {"apply": "yes", "conditions_met": "on"})
    officer.post(at(one, "lines"), chosen | {"remove": "yes"})
    assert not two.lines.get().conditions_met


def test_an_exit_takes_a_reason_and_may_leave_in_general_scope(officer, director):
    one, two = make_expert("甲", awards=["CAS"]), make_expert("乙")
    admitted(officer, director, one, two)
    proposal = begin(officer, one, two, kind="exit", effective_on="2026-02-01")
    assert "请选择退出理由" in body(step(officer, proposal, "submit"))
    fill(officer, proposal, reason="own_request", scope="leave")
    first = proposal.lines.get(expert=one)
    data = {
        "line": [first.uuid],
        f"{first.uuid}-scope": "general",
        f"{first.uuid}-reason": "cross_region_transfer",
    }
    officer.post(at(proposal, "lines"), data)
    assert fill(officer, proposal, reason="academic_misconduct").status_code == 422
    for client, name in ((officer, "submit"), (director, "review"), (director, "approve")):
        assert step(client, proposal, name).status_code == 302
    assert "跨区域工作调动" in body(officer.get(at(proposal)))
    on = RosterEntry.objects.of(unit("D04")).as_of(date(2026, 2, 1))
    assert list(on.values_list("expert__name", "scope")) == [("甲", "general")]


def test_what_stops_a_submission_is_named_and_capped(officer):
    proposal = begin(officer, *(make_expert(f"人{number:02}") for number in range(25)))
    page = body(step(officer, proposal, "submit"))
    assert ("人00：请逐项确认" in page, "另有 5 人也须先处理" in page) == (True, True)
    line = proposal.lines.get(expert__name="人07")
    officer.post(
        at(proposal, "lines"),
        {"line": line.uuid, f"{line.uuid}-scope": "key", f"{line.uuid}-conditions_met": "on"},
    )
    page = body(officer.get(at(proposal) + "?show=incomplete"))
    assert ("人00" in page, "人07" in page) == (True, False)


def test_a_line_is_removed_while_the_proposal_is_written_only(officer, director):
    proposal = begin(officer, make_expert("甲"), make_expert("乙"))
    line = proposal.lines.first()
    remove = reverse("proposals:remove", args=[proposal.uuid, line.uuid])
    assert said(officer.post(remove, follow=True)) == ["已移出“甲”。"]
    assert officer.post(remove).status_code == 404
    fill(officer, proposal, conditions_met="on")
    step(officer, proposal, "submit")
    other = reverse("proposals:remove", args=[proposal.uuid, proposal.lines.get().uuid])
    for url in (other, at(proposal, "edit"), at(proposal, "lines")):
        assert officer.post(url).status_code == 409
    assert officer.get(at(proposal, "edit")).status_code == 409
    assert fill(officer, proposal, conditions_met="on").status_code == 409
    added = officer.post(at(proposal, "add"), {"expert": [str(make_expert("丙").uuid)]})
    assert (added.status_code, proposal.lines.count()) == (409, 1)


def test_the_day_and_the_words_change_until_it_is_submitted(officer):
    proposal = begin(officer, make_expert("甲"))
    officer.post(at(proposal, "edit"), {"effective_on": "2026-03-01", "note": "补充"})
    proposal.refresh_from_db()
    assert (proposal.effective_on, proposal.note) == (date(2026, 3, 1), "补充")
    refused = officer.post(at(proposal, "edit"), {"effective_on": "", "note": "密级：机密"})
    assert (refused.status_code, set(field_errors(refused))) == (422, {"effective_on"})


def test_returned_with_a_reason_and_mended(officer, director):
    proposal = submitted(officer, make_expert("甲"))
    refused = step(director, proposal, "return")
    assert (refused.status_code, "请写明退回的理由" in body(refused)) == (422, True)
    step(director, proposal, "return", "请补依据")
    assert "请补依据" in body(officer.get(at(proposal)))
    assert "办理名单提案" in body(officer.get("/"))
    assert step(officer, proposal, "submit").status_code == 302
    assert step(officer, proposal, "withdraw").status_code == 302
    assert "已撤回" in body(officer.get(at(proposal)))


def test_whoever_comes_late_is_told_where_it_stands_and_by_whom(officer, director, director_haidian):
    proposal = admitted(officer, director, make_expert("甲"))
    for client, name in ((director, "approve"), (officer, "withdraw"), (officer, "submit")):
        response = step(client, proposal, name)
        page = body(response)
        assert response.status_code == 409
        assert ("现在是“已批准”" in page, str(director_haidian) in page) == (True, True)
    assert RosterEntry.objects.count() == 1


def test_acts_that_are_none(officer):
    proposal = begin(officer, make_expert("甲"))
    for name in ("", "x", "draft"):
        assert step(officer, proposal, name).status_code == 422


def test_only_the_proposer_withdraws_and_only_a_head_approves(officer, director, client_of, staff_city):
    proposal = submitted(officer, make_expert("甲"))
    assert step(director, proposal, "withdraw").status_code == 403
    staff = client_of(staff_city)
    step(staff, proposal, "review")
    assert step(staff, proposal, "approve").status_code == 403
    assert 'value="approve"' not in body(staff.get(at(proposal)))
    assert 'value="approve"' in body(director.get(at(proposal)))


def numbers(response):
    return [proposal.number for proposal, *_ in response.context["rows"]]


def test_the_list_filters_and_sorts(officer, director):
    first = admitted(officer, director, make_expert("甲"))
    second = begin(officer, make_expert("乙"), effective_on="2025-01-01")
    third = submitted(officer, make_expert("丙"))
    answers = {
        "": [third, second, first],
        "?sort=drafted": [first, second, third],
        "?sort=day": [second, first, third],
        "?state=approved": [first],
        "?kind=exit": [],
        "?kind=admit&state=draft": [second],
        f"?number={second.number[-6:].lower()}": [second],
        "?unit=D04": [third, second, first],
        "?unit=D99": [],
        "?state=x": [],
        "?number=%00": [],
        "?box=mine": [],
        "?box=waiting": [third],
    }
    for query, found in answers.items():
        assert numbers(director.get(LIST + query)) == [each.number for each in found], query
    assert numbers(officer.get(LIST + "?box=mine")) == [third.number, second.number, first.number]
    assert numbers(officer.get(LIST + "?box=waiting")) == []


def test_paging_goes_through_all_of_them(officer):
    expert = make_expert("甲")
    made = [begin(officer, expert).number for _ in range(30)]
    first = officer.get(LIST)
    second = officer.get(LIST + first.context["next_url"])
    assert numbers(first) + numbers(second) == made[::-1]


def test_sizes_count_visible_lines_only(client_of, staff_city, officer_chaoyang, officer, as_app):
    one, two = make_expert("朝阳甲", unit_code="D03"), make_expert("朝阳密", unit_code="D03", label=1)
    with as_app(staff_city):
        acts.draft_proposal(by=staff_city, unit=unit("D03"), kind=ProposalKind.ADMIT, experts=[one, two])
    rows = client_of(officer_chaoyang).get(LIST).context["rows"]
    assert [size for _, size, _ in rows] == [1]
    proposal = Proposal.objects.get()
    page = body(client_of(officer_chaoyang).get(at(proposal)))
    assert ("朝阳甲" in page, "朝阳密" in page, "共 1 人" in page) == (True, False, True)
    assert officer.get(at(proposal)).status_code == 404


def test_a_proposal_about_a_restricted_expert_is_for_their_list_only(
    client_of, officer, director, cleared_city
):
    hidden = restrict(make_expert("金丝雀"), cleared_city)
    cleared = client_of(cleared_city)
    proposal = begin(cleared, hidden)
    line = proposal.lines.get()
    assert Event.objects.filter(verb="view", reference=hidden.record_number).count() == 0
    assert "金丝雀" in body(cleared.get(at(proposal)))
    assert Event.objects.filter(verb="view", reference=hidden.record_number).count() == 1
    for client in (officer, director):
        for name in ("detail", "edit"):
            assert client.get(at(proposal, name)).status_code == 404
        for name in ("act", "add", "lines", "all_lines", "edit"):
            assert client.post(at(proposal, name), {"step": "submit"}).status_code == 404
        assert client.post(reverse("proposals:remove", args=[proposal.uuid, line.uuid])).status_code == 404
        assert proposal.number not in body(client.get(LIST))
        assert numbers(client.get(f"{LIST}?number={proposal.number}")) == []


def test_the_picker_finds_visible_experts_by_name(officer, client_of, leader_city, cleared_city):
    make_expert("张三丰")
    restrict(make_expert("张隐"), cleared_city)
    picker = reverse("proposals:experts")
    assert [row["text"] for row in officer.get(picker + "?q=张").json()["results"]] == ["张三丰"]
    assert [row["text"] for row in officer.get(picker + "?q=zhang").json()["results"]] == ["张三丰"]
    for client, query in ((officer, ""), (officer, "?q=%00"), (client_of(leader_city), "?q=张")):
        assert client.get(picker + query).json() == {"results": []}


def test_ticked_experts_lead_to_a_new_proposal(officer):
    one, two = make_expert("甲"), make_expert("乙")
    data = {"act": "propose", "propose": "admit", "expert": [str(one.uuid), str(two.uuid)]}
    page = officer.post("/experts/bulk/", data, follow=True)
    assert page.redirect_chain[0][0].startswith(NEW + "?kind=admit&expert=")
    assert ("甲" in body(page), 'value="D04" selected' in body(page)) == (True, True)
    assert "提出纳入名单" in body(officer.get(f"/experts/{one.uuid}/"))
    refused = officer.post("/experts/bulk/", data | {"propose": ""}, follow=True)
    assert said(refused) == ["请先选择要改成什么，再点“应用”。"]


def test_pages_take_the_same_statements_at_one_row_and_at_three(officer, director):
    proposal = begin(officer, make_expert("甲"))
    director.get(LIST)

    def statements():
        return [queries(director, url) for url in (LIST, at(proposal), NEW)]

    few = statements()
    for name in "乙丙":
        expert = make_expert(name)
        begin(officer, expert)
        officer.post(at(proposal, "add"), {"expert": [str(expert.uuid)]})
    many = statements()
    for one, three, budget in zip(few, many, (6, 13, 5), strict=True):
        assert (len(one), len(three)) == (budget, budget), "\n".join(three)
