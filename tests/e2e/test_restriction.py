"""二（二）: a record is restricted by request and approval, and the list of who may see it is kept."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running
from tests.e2e.steps import confirm, enter_expert, pick, sign_in, toast

pytestmark = pytest.mark.e2e
LISTED = "演示·海淀知悉人"


def in_days(days: int) -> str:
    return (date.today() + timedelta(days=days)).isoformat()


def ask_to_restrict(page: Page) -> None:
    page.locator("summary").filter(has_text="更多").click()
    page.get_by_role("link", name="申请设为限知悉").click()
    pick(page, "知悉人", "海淀知悉人")
    pick(page, "知悉人", "市级知悉人")
    page.keyboard.press("Escape")
    page.get_by_label("有效至").fill(in_days(90))
    page.get_by_label("申请理由").fill("承担重要任务")
    page.get_by_label("保密干部姓名").fill("演示·保密干部")
    page.get_by_label("书面确认日期").fill(in_days(0))
    page.get_by_role("button", name="提出申请").click()
    expect(toast(page)).to_contain_text("已提出申请")


@pytest.mark.parametrize("allowed_errors", [["status of 404", "status of 422"]])
def test_a_record_is_restricted_and_its_list_is_kept(
    product: Running, page: Page, colleague_page: Page, allowed_errors: list[str]
) -> None:
    sign_in(page, product, "officer_haidian")
    record = enter_expert(page, "令狐限知", 工作单位="示范研究所")
    number = page.locator("main").get_by_text("ZJ-").first.inner_text().strip()[:11]
    ask_to_restrict(page)
    page.goto(record)
    expect(page.locator("main")).to_contain_text("设为限知悉的申请待批准")

    sign_in(colleague_page, product, "director_haidian")
    expect(colleague_page.locator("main")).to_contain_text("审批限知悉申请")
    colleague_page.goto(record)
    colleague_page.get_by_role("link", name="查看申请").click()
    expect(colleague_page.locator("main")).to_contain_text(LISTED)
    colleague_page.get_by_role("button", name="批准", exact=True).click()
    confirm(colleague_page)
    expect(toast(colleague_page)).to_contain_text("已办理。")
    colleague_page.wait_for_url("**/experts/")

    for gone in (page, colleague_page):
        response = gone.goto(record)
        assert response is not None
        assert response.status == 404
    gone.context.clear_cookies()
    sign_in(colleague_page, product, "cleared_haidian")
    colleague_page.goto(record)
    card = colleague_page.locator(".card").filter(has_text="只有以上人员看得到")
    expect(card).to_contain_text("演示·市级知悉人")

    colleague_page.context.clear_cookies()
    sign_in(colleague_page, product, "secadmin")
    keep_the_list(colleague_page, number)


def keep_the_list(page: Page, number: str) -> None:
    """Add a person, take another off, and meet the rule of two."""
    page.get_by_role("link", name="知悉范围").click()
    expect(page.locator("main")).not_to_contain_text("令狐限知")
    page.get_by_role("link", name="增加知悉人").click()
    page.get_by_label("档案号").fill(number)
    pick(page, "知悉人", "朝阳联络员")
    page.get_by_label("事由").fill("联系服务需要")
    pick(page, "批准人", "市级组织部门负责人")
    page.get_by_label("有效至").fill(in_days(60))
    page.get_by_role("button", name="增加").click()
    expect(toast(page)).to_contain_text(f"列入 {number} 的知悉范围")

    page.goto(f"/experts/need-to-know/?record={number}")
    expect(page.locator("tbody tr")).to_have_count(3)
    end_first(page, LISTED)
    expect(toast(page)).to_contain_text("已结束")
    page.goto(f"/experts/need-to-know/?record={number}")
    end_first(page, "演示·市级知悉人")
    expect(page.locator("main")).to_contain_text("请先增加一人")
    page.goto(f"/experts/need-to-know/history/?record={number}")
    expect(page.locator("tbody tr")).to_contain_text(["工作调整"])


def end_first(page: Page, name: str) -> None:
    page.locator("tbody tr").filter(has_text=name).get_by_role("link", name="结束").click()
    page.get_by_label("结束原因").fill("工作调整")
    page.get_by_role("button", name="结束授权").click()
