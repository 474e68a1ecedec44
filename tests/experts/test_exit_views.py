"""The pages of mandatory exits: registering, the case, the list, and what others do not learn."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from experts.models import ExitText, Expert, MandatoryExit, RosterEntry
from tests.experts.grants import head, worker
from tests.experts.pages import at, body, field_errors, queries, said
from tests.experts.test_exits import enter
from tests.factories import make_exit, make_expert, unit

pytestmark = pytest.mark.django_db
LIST = reverse("experts:exits")
FACTS = "论文数据系伪造"


@pytest.fixture
def expert():
    return make_expert("林应退")


def page_of(case, act=""):
    return reverse(f"experts:exit{act and '_'}{act}", args=[case.uuid])


def posted(**changes):
    today = timezone.localdate().isoformat()
    return {
        "reason": "academic_misconduct",
        "known_on": today,
        "facts": FACTS,
        "document": "处理决定",
        "number": "示范〔2026〕1号",
        "issuer": "示范机关",
        "issued_on": today,
    } | changes


def reveal(client, case, kind, reason="审批"):
    url = reverse("experts:exit_reveal", args=[case.uuid, kind])
    return client.post(url, {"reason": reason})


def test_from_the_registration_to_the_reversal(client_of, officer_haidian, director_haidian, expert):
    officer, director = client_of(officer_haidian), client_of(director_haidian)
    enter(expert, "D04", officer_haidian)
    assert "登记应退" in body(officer.get(at(expert)))
    form = body(officer.get(at(expert, "exit")))
    assert ("不以截图、网帖、传闻为依据" in form, "结论文件" in form) == (True, True)
    page = officer.post(at(expert, "exit"), posted(), follow=True)
    case = MandatoryExit.objects.get()
    assert said(page) == [f"已登记，须在 {case.due_on} 前办结。请先告知本人。"]
    assert FACTS not in body(page)
    assert officer.get(at(expert, "exit")).headers["Location"] == page_of(case)
    assert "办理应退事项" in body(director.get("/"))
    assert "林应退" in body(director.get(LIST))

    officer.post(page_of(case, "told"), {"told_on": timezone.localdate().isoformat()})
    officer.post(page_of(case, "statement"), {"text": "本人说明"})
    unchecked = director.post(page_of(case, "decide"), {"decision": "approve"})
    assert (unchecked.status_code, "两级审批" in body(unchecked)) == (422, True)
    assert "报请审批" not in body(officer.get(page_of(case)))
    colleague = client_of(worker("审核人"))
    assert "报请审批" in body(colleague.get(page_of(case)))
    done = colleague.post(page_of(case, "check"), {"opinion": "属实"}, follow=True)
    assert (said(done), "审核人" in body(done)) == (["已审核，等待负责人审批。"], True)
    assert FACTS in body(reveal(director, case, "facts"))
    assert reveal(director, case, "facts", " ").status_code == 422
    done = director.post(page_of(case, "decide"), {"decision": "approve"}, follow=True)
    assert (said(done), "已退出" in body(done)) == (["已办理。"], True)
    assert not RosterEntry.objects.open().exists()

    officer.post(page_of(case, "review"), {"reason": "新的鉴定"})
    second = client_of(head("第二负责人", "D04"))
    for client, decides in ((director, False), (officer, False), (second, True)):
        page = body(client.get(page_of(case)))
        assert ("撤销，重新纳入" in page, "等待复核" in page) == (decides, not decides)
    own = director.post(page_of(case, "review_decide"), {"outcome": "reversed", "opinion": "撤销"})
    assert (own.status_code, "原审批人以外" in body(own)) == (422, True)
    last = second.post(
        page_of(case, "review_decide"), {"outcome": "reversed", "opinion": "撤销"}, follow=True
    )
    assert said(last) == ["复核已办理。"]
    assert RosterEntry.objects.open().get().unit == unit("D04")
    page = body(officer.get(page_of(case)))
    assert ("情形和事实不再显示" in page, "显示须填事由" in page) == (True, False)
    assert reveal(officer, case, "facts").status_code == 404
    assert FACTS in body(reveal(second, case, "facts"))


def test_no_case_is_opened_about_who_has_died(client_of, officer_haidian, expert):
    client = client_of(officer_haidian)
    Expert.objects.filter(pk=expert.pk).update(died_on=timezone.localdate())
    assert client.get(at(expert, "exit")).status_code == 403
    assert client.post(at(expert, "exit"), posted()).status_code == 403
    assert not MandatoryExit.objects.exists()


def test_a_reversal_hides_the_reason_in_every_page(
    client_of, officer_haidian, director_haidian, leader_city, staff_city, expert
):
    case = make_exit(officer_haidian, expert, facts=FACTS)
    now = timezone.now()
    MandatoryExit.objects.update(
        state="reversed", decided_by=director_haidian, decided_at=now, told_on=timezone.localdate(),
        review="reversed", review_asked_by=officer_haidian, review_asked_at=now, review_by=director_haidian,
        review_at=now,
    )  # fmt: skip
    tabs = [f"{at(expert)}?tab={tab}" for tab in ("awards", "roster", "changes", "facts", "log")]
    urls = [*tabs, page_of(case), f"{LIST}?state=all", "/", "/experts/"]
    for user in (officer_haidian, staff_city, leader_city, director_haidian):
        client = client_of(user)
        for url in urls:
            text = body(client.get(url))
            assert [said for said in (FACTS, "学术不端") if said in text] == [], (user, url)
    assert reveal(client_of(staff_city), case, "reason").status_code == 404
    assert "学术不端" in body(reveal(client_of(director_haidian), case, "reason"))


def test_who_has_no_right_to_sensitive_fields_sees_the_same_page_as_before(
    client_of, leader_city, officer_haidian, expert
):
    client = client_of(leader_city)
    urls = [f"{at(expert)}?tab={tab}" for tab in ("awards", "roster", "changes", "facts", "log")] + [
        "/",
        "/experts/",
    ]
    before = [len(body(client.get(url))) for url in urls]
    case = make_exit(officer_haidian, expert)
    assert [len(body(client.get(url))) for url in urls] == before
    assert client.get(page_of(case)).status_code == 404
    assert client.get(LIST).status_code == 403
    assert "应退事项" in body(client_of(officer_haidian).get(at(expert)))


@pytest.mark.parametrize(("changes", "errors"), [
    ({"reason": ""}, {"reason": ["请选择情形。"]}),
    ({"reason": "own_request"}, {"reason": ["请选择情形。"]}),
    ({"known_on": ""}, {"known_on": ["请填知悉日期。"]}),
    ({"known_on": "9999-01-01"}, {"known_on": ["知悉日期不能晚于今天，也不能早于 1990 年。"]}),
    ({"known_on": "0001-01-01"}, {"known_on": ["知悉日期不能晚于今天，也不能早于 1990 年。"]}),
    ({"issued_on": "9999-01-01"}, {"issued_on": ["文件日期不能晚于今天，也不能早于 1990 年。"]}),
    ({"issued_on": "昨天"}, {"issued_on": ["请填日期，如 2026-11-20。"]}),
    ({"document": " "}, {"document": ["请填写结论文件名称。"]}),
    ({"number": ""}, {"number": ["请填写文号。"]}),
    ({"issuer": ""}, {"issuer": ["请填写作出结论的机关。"]}),
    ({"facts": "　"}, {"facts": ["请填写事实依据。"]}),
    ({"facts": "密级：绝密"}, {"facts": ["含有密级标志。本系统为非涉密系统，不得录入。"]}),
    ({"number": "机密★1年"}, {"number": ["含有密级标志。本系统为非涉密系统，不得录入。"]}),
])  # fmt: skip
def test_a_registration_that_cannot_be_says_so_beside_the_field(
    client_of, officer_haidian, expert, changes, errors
):
    response = client_of(officer_haidian).post(at(expert, "exit"), posted(**changes))
    assert (response.status_code, field_errors(response)) == (422, errors)
    assert not MandatoryExit.objects.exists()


@pytest.mark.parametrize(("act", "data", "words"), [
    ("told", {}, "请填告知日期；确实无法告知的，只填原因。"),
    ("told", {"told_on": "2000-01-01"}, "告知日期不能早于知悉日期，也不能晚于今天。"),
    ("told", {"told_on": "9999-01-01"}, "告知本人日期不能晚于今天，也不能早于 1990 年。"),
    ("told", {"untold": "密级：机密"}, "含有密级标志。本系统为非涉密系统，不得录入。"),
    ("statement", {"text": " "}, "请填写本人申辩。"),
    ("decide", {"decision": "x"}, "请选择批准或不批准。"),
    ("decide", {"decision": "refuse"}, "不批准的，请写明理由。"),
    ("review", {"reason": "新的鉴定"}, "只能对已退出、未复核过的事项申请复核。"),
    ("review_decide", {"outcome": "asked", "opinion": "好"}, "请选择维持或撤销。"),
    ("review_decide", {"outcome": "upheld", "opinion": "好"}, "这项复核已经办理过了。"),
])  # fmt: skip
def test_an_act_that_cannot_be_says_why(
    client_of, officer_haidian, director_haidian, expert, act, data, words
):
    case = make_exit(officer_haidian, expert)
    response = client_of(director_haidian).post(page_of(case, act), data)
    assert (response.status_code, words in body(response)) == (422, True)
    case.refresh_from_db()
    assert (case.state, ExitText.objects.count()) == ("pending", 2)


def test_the_list_shows_first_what_is_due_first_and_marks_what_is_late(client_of, officer_haidian):
    today = timezone.localdate()
    late = today - timedelta(days=3)
    make_exit(officer_haidian, make_expert("林后"), due_on=today + timedelta(days=30))
    make_exit(officer_haidian, make_expert("林逾期"), known_on=late, due_on=late)
    client = client_of(officer_haidian)
    response = client.get(LIST)
    assert [case.expert.name for case in response.context["page"].rows] == ["林逾期", "林后"]
    assert "due-late" in body(response) or "逾期" in body(response)
    shown = client.get(f"{LIST}?state=overdue").context["page"].rows
    assert [case.expert.name for case in shown] == ["林逾期"]
    assert client.get(f"{LIST}?state=refused").context["page"].rows == []
    assert "1 件已逾期" in body(client.get("/"))


def test_budgets(client_of, officer_haidian):
    client = client_of(officer_haidian)
    case = make_exit(officer_haidian, make_expert("林一"))
    client.get(LIST)
    one = len(queries(client, LIST)), len(queries(client, page_of(case)))
    for name in ("林二", "林三"):
        make_exit(officer_haidian, make_expert(name))
    three = len(queries(client, LIST)), len(queries(client, page_of(case)))
    assert one == three
    assert max(one) <= 9


def test_the_list_is_narrowed_by_the_level_it_waits_for_and_by_unit(client_of, officer_haidian, staff_city):
    make_exit(officer_haidian, make_expert("甲待审核"))
    make_exit(officer_haidian, make_expert("乙待审批"), checked_by=worker("审核人"))
    make_exit(staff_city, make_expert("丙朝阳", unit_code="D03"))
    client = client_of(staff_city)

    def listed(query):
        return sorted(case.expert.name for case in client.get(f"{LIST}?{query}").context["page"].rows)

    assert listed("") == listed("unit=%00&state=x") == ["丙朝阳", "乙待审批", "甲待审核"]
    assert listed("state=unchecked") == ["丙朝阳", "甲待审核"]
    assert listed("state=checked") == ["乙待审批"]
    assert listed("unit=D04") == ["乙待审批", "甲待审核"]
    assert listed("state=approved") == []
