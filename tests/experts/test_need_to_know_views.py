"""The security administrator's pages: by record number only, and nobody else's."""

import pytest
from django.urls import reverse

from audit.models import Event
from experts.models import EndedGrant, NeedToKnow
from tests.access.test_routes import TOKEN
from tests.experts.grants import UNKNOWN, ended, head, in_days, listed, worker
from tests.experts.pages import body, field_errors, queries, said
from tests.factories import make_expert, restrict

pytestmark = pytest.mark.django_db
LIST, HISTORY, NEW = (
    reverse(f"experts:need_to_know{name}") for name in ("", "_history", "_add")
)  # fmt: skip
END_ALL, PEOPLE = reverse("experts:need_to_know_end_all"), reverse("experts:people")


@pytest.fixture
def client(client_of, secadmin):
    signed_in = client_of(secadmin)
    signed_in.get(PEOPLE)  # the first request of a session also notes when it was
    return signed_in


@pytest.fixture
def expert():
    return restrict(make_expert("金丝雀"), worker("甲"), worker("乙"), approver=head("批准人"))


def posted(expert, **changes):
    values = {
        "record_number": expert.record_number,
        "person": "丙",
        "reason": "联系服务需要",
        "approver": "批准人",
        "expires_on": in_days(60).isoformat(),
    }
    return values | changes


def at(name, grant):
    return reverse(f"experts:need_to_know_{name}", args=[grant.uuid])


def shown(response):
    return [(row.record_number, row.user.username) for row in response.context["page"].rows]


def test_the_list_tells_numbers_and_people_and_nothing_of_the_expert(client, expert):
    page = body(client.get(LIST))
    for text in (expert.record_number, "甲", "乙", "批准人", "测试", in_days(30).isoformat()):
        assert text in page
    assert "金丝雀" not in page


def test_a_person_is_added(client, expert):
    worker("丙", at="D03")
    response = client.post(
        NEW, posted(expert, record_number=f" {expert.record_number.lower()} "), follow=True
    )
    assert said(response) == [f"已将“丙”列入 {expert.record_number} 的知悉范围。"]
    assert listed(expert) == ["丙", "乙", "甲"]


@pytest.mark.parametrize(("changes", "errors"), [
    ({"record_number": "ZJ-NOTHING2"}, {"record_number": [UNKNOWN]}),
    ({"record_number": ""}, {"record_number": ["请填档案号。"]}),
    ({"record_number": "\0"}, {"record_number": ["不允许是用空字符串。"]}),
    ({"person": "查无此人"}, {"person": ["请从名单中选择一位在用的人员。"]}),
    ({"person": "\0"}, {"person": ["不允许是用空字符串。"]}),
    ({"person": "secadmin"}, {"person": ["请从名单中选择一位在用的人员。"]}),
    ({"person": "甲"}, {"person": ["此人已在这条记录的知悉范围内；要延长，请在名单里续期。"]}),
    ({"person": "批准人"}, {"approver": ["批准人不能是知悉人自己，请选择另一人。"]}),
    ({"approver": "乙"}, {"approver": ["请从名单中选择一位在用的人员。"]}),
    ({"approver": ""}, {"approver": ["请选择人员。"]}),
    ({"reason": " "}, {"reason": ["请写明事由。"]}),
    ({"reason": "字" * 201}, {"reason": ["确保该变量包含不超过 200 字符 (目前字符数 201)。"]}),
    ({"reason": "绝密★"}, {"reason": ["含有密级标志。本系统为非涉密系统，不得录入。"]}),
    ({"expires_on": "2020-01-01"}, {"expires_on": ["有效期请填明天起一年以内的日期。"]}),
    ({"expires_on": "9999-12-31"}, {"expires_on": ["有效期请填明天起一年以内的日期。"]}),
    ({"expires_on": "明年"}, {"expires_on": ["请填日期，如 2027-03-31。"]}),
])  # fmt: skip
def test_a_form_that_cannot_be_carried_out_says_so_beside_the_field(client, expert, changes, errors):
    worker("丙", at="D03")
    response = client.post(NEW, posted(expert) | changes)
    assert (response.status_code, field_errors(response)) == (422, errors)
    assert listed(expert) == ["乙", "甲"]
    assert Event.objects.filter(verb="grant", kind="expert").count() == 0


def test_a_plain_record_and_a_missing_one_answer_with_the_same_page(client):
    worker("丙", at="D03")
    head("批准人")
    plain = make_expert("某人", record_number="ZJ-PLAIN222")
    missing = type(plain)(record_number="ZJ-NOTHING2")
    first, second = (
        TOKEN.sub("", body(client.post(NEW, posted(each)))).replace(each.record_number, "")
        for each in (plain, missing)
    )
    assert (first == second, UNKNOWN in first) == (True, True)


def test_filters_narrow_by_number_person_and_end(client, expert):
    other = restrict(
        make_expert("金丝雀二"), NeedToKnow.objects.first().user, worker("丁"), until=in_days(31)
    )
    number, second = expert.record_number, other.record_number
    assert shown(client.get(f"{LIST}?record={number.lower()}")) == [(number, "甲"), (number, "乙")]
    assert shown(client.get(f"{LIST}?record={number[:6]}")) == []
    assert shown(client.get(f"{LIST}?person=甲")) == [(number, "甲"), (second, "甲")]
    assert shown(client.get(f"{LIST}?soon=yes")) == [(number, "甲"), (number, "乙")]
    assert shown(client.get(f"{LIST}?sort=-end"))[0] == (second, "丁")
    assert client.get(f"{LIST}?record=%00&person=%00&sort=x&after=%00").status_code == 200
    assert "没有符合条件的授权" in body(client.get(f"{LIST}?record=ZJ-NOTHING2"))


def test_an_empty_list_says_what_comes_here(client):
    assert "还没有限知悉的授权" in body(client.get(LIST))
    assert "还没有结束的授权" in body(client.get(HISTORY))


def test_a_grant_that_opens_nothing_is_marked(client, expert):
    first, second = NeedToKnow.objects.order_by("id")
    type(first.user).objects.filter(pk=first.user_id).update(is_active=False)
    second.user.assignments.all().delete()
    page = body(client.get(LIST))
    assert ("账号已停用" in page, "已无角色" in page, "已到期" in page) == (True, True, False)
    NeedToKnow.objects.update(expires_on=in_days(-1))
    assert "已到期" in body(client.get(LIST))


def test_renewing_and_ending_lead_back_to_the_list(client, expert):
    worker("丙")
    client.post(NEW, posted(expert), follow=True)
    grant = NeedToKnow.objects.get(user__username="甲")
    values = {"reason": "继续", "approver": "批准人", "expires_on": in_days(90).isoformat()}
    renewed = client.post(at("renew", grant), values, follow=True)
    assert said(renewed) == [f"已续期：甲，{expert.record_number}，至 {in_days(90).isoformat()}。"]
    grant = NeedToKnow.objects.get(user__username="甲")
    assert field_errors(client.post(at("end", grant), {"reason": ""})) == {"reason": ["请写明结束原因。"]}
    done = client.post(at("end", grant), {"reason": "调离"}, follow=True)
    assert said(done) == [f"已结束：甲 不再知悉 {expert.record_number}。"]
    assert ended() == [("甲", "续期", "secadmin"), ("甲", "调离", "secadmin")]
    assert client.get(at("end", grant)).status_code == 404
    history = client.get(f"{HISTORY}?record={expert.record_number}&person=甲")
    assert [row.end_reason for row in history.context["page"].rows] == ["调离", "续期"]


def test_ending_says_to_add_someone_first(client, expert):
    response = client.post(at("end", NeedToKnow.objects.first()), {"reason": "调离"})
    assert field_errors(response) == {"__all__": ["这条记录结束后知悉人会少于两人，请先增加一人，再结束。"]}
    assert EndedGrant.objects.count() == 0


def test_renewing_by_the_person_themselves_is_said_above_the_form(client, expert):
    person = head("负责人")
    worker("丙")
    client.post(NEW, posted(expert, person=person.username))
    grant = NeedToKnow.objects.get(user=person)
    values = {"reason": "继续", "approver": person.username, "expires_on": in_days(90).isoformat()}
    assert field_errors(client.post(at("renew", grant), values)) == {
        "approver": ["批准人不能是知悉人自己，请选择另一人。"]
    }


def test_everything_of_one_person_ends_and_what_could_not_is_named(client, expert):
    restrict(expert, worker("丙"))
    other = restrict(make_expert("金丝雀二"), NeedToKnow.objects.first().user, worker("丁"))
    url = f"{END_ALL}?person=甲"
    assert url in body(client.get(f"{LIST}?person=甲")).replace("%E7%94%B2", "甲")
    assert expert.record_number in body(client.get(f"{url}&record={other.record_number}"))
    assert said(client.post(url, {"reason": "调离"}, follow=True)) == [
        "已结束“甲”的 1 项授权。",
        f"未结束：{other.record_number}。结束后知悉人会少于两人，请先各增加一人。",
    ]
    assert client.get(f"{END_ALL}?person=查无此人").status_code == 404


def test_the_picker_offers_colleagues_with_the_right_and_no_expert(client, client_of, expert, leader_city):
    worker("停用甲", is_active=False)
    worker("无角色甲", role=None)
    found = client.get(f"{PEOPLE}?right=view&q=甲").json()["results"]
    assert found == [{"value": "甲", "text": "甲", "detail": "海淀区委"}]
    assert [row["value"] for row in client.get(f"{PEOPLE}?right=approve").json()["results"]] == ["批准人"]
    assert client.get(f"{PEOPLE}?q=金丝雀").json() == {"results": []}
    assert client.get(f"{PEOPLE}?q=%00").status_code == 200
    assert client.get(f"{PEOPLE}?right=change").status_code == 404
    assert client_of(leader_city).get(PEOPLE).status_code == 200  # resolutions name colleagues too


def test_the_pages_are_in_the_navigation_of_the_security_administrator(client, client_of, officer_haidian):
    assert f'href="{LIST}"' in body(client.get(LIST))
    assert f'href="{LIST}"' in body(client.get(reverse("admin:index")))
    assert f'href="{LIST}"' not in body(client_of(officer_haidian).get("/"))


@pytest.mark.parametrize(("url", "budget"), [(LIST, 6), (HISTORY, 6), (f"{LIST}?person=甲&soon=yes", 7)])
def test_lists_take_the_same_statements_at_one_row_and_at_three(client, expert, url, budget):
    def again(names):
        for name in names:
            restrict(make_expert(), worker(name), approver=head(f"批{name}"))
            row = NeedToKnow.objects.get(user__username=name)
            EndedGrant.objects.create(
                expert_id=row.content_object_id, record_number=row.record_number, user=row.user, reason="x",
                approved_by=row.approved_by, granted_at=row.granted_at, expires_on=row.expires_on,
                ended_at=row.granted_at, end_reason="x",
            )  # fmt: skip

    again("丙")
    first = queries(client, url)
    again("丁戊")
    second = queries(client, url)
    assert (len(first), len(second)) == (budget, budget), "\n".join(second)
