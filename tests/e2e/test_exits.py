"""二（三）: an expert leaves for a mandatory reason: registered, told, checked, approved."""

from datetime import date

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running
from tests.e2e.steps import confirm, enter_expert, sign_in, toast

pytestmark = pytest.mark.e2e
FACTS = "学术委员会认定数据不实"


def today() -> str:
    return date.today().isoformat()


def more(page: Page, name: str) -> None:
    page.locator("summary").filter(has_text="更多").click()
    page.get_by_role("link", name=name).click()


def reveal_facts(page: Page) -> None:
    line = page.locator(".masked").filter(has_text="事实依据")
    line.get_by_role("button").click()
    page.get_by_placeholder("查看事由").fill("审批需要")
    page.locator(".reveal").get_by_role("button", name="显示", exact=True).click()


@pytest.mark.parametrize("allowed_errors", [["status of 422"]])
def test_a_mandatory_exit_is_registered_heard_checked_and_approved(
    product: Running, page: Page, colleague_page: Page, allowed_errors: list[str]
) -> None:
    sign_in(page, product, "officer_haidian")
    record = enter_expert(page, "令狐应退", 工作单位="示范研究所")
    more(page, "登记应退")
    expect(page.locator("main")).to_contain_text("不以截图、网帖、传闻为依据")
    page.get_by_label("情形").select_option(label="学术不端")
    page.get_by_label("知悉日期").fill(today())
    page.get_by_label("事实依据").fill(FACTS)
    page.get_by_label("结论文件名称").fill("处理决定")
    page.get_by_label("文号").fill("示范〔2026〕1号")
    page.get_by_label("作出结论的机关").fill("示范机关")
    page.get_by_label("文件日期").fill(today())
    page.get_by_role("button", name="登记", exact=True).click()
    expect(toast(page)).to_contain_text("请先告知本人")
    case = page.url
    expect(page.locator("main")).not_to_contain_text(FACTS)

    sign_in(colleague_page, product, "director_haidian")
    expect(colleague_page.locator("main")).to_contain_text("办理应退事项")
    colleague_page.goto(case)
    reveal_facts(colleague_page)
    expect(colleague_page.locator("main")).to_contain_text(FACTS)
    colleague_page.get_by_role("button", name="批准退出").click()
    confirm(colleague_page)
    expect(colleague_page.locator("main")).to_contain_text("应退须经两级审批")

    page.get_by_label("告知本人日期").fill(today())
    page.get_by_role("button", name="记录告知").click()
    expect(toast(page)).to_contain_text("已记录告知情况。")
    page.context.clear_cookies()
    sign_in(page, product, "staff_city")
    page.goto(case)
    page.get_by_role("button", name="审核完毕，报请审批").click()
    expect(toast(page)).to_contain_text("已审核，等待负责人审批。")
    colleague_page.goto(case)
    colleague_page.get_by_role("button", name="批准退出").click()
    confirm(colleague_page)
    expect(toast(colleague_page)).to_contain_text("已办理。")
    page.goto(record)
    expect(page.locator("main")).to_contain_text("应退事项")
    page.context.clear_cookies()
    sign_in(page, product, "leader_haidian")
    page.goto(record)
    expect(page.locator("main")).to_contain_text("令狐应退")
    expect(page.locator("main")).not_to_contain_text("应退事项")


def test_a_death_is_registered_and_corrected_by_another(
    product: Running, page: Page, colleague_page: Page
) -> None:
    sign_in(page, product, "officer_haidian")
    record = enter_expert(page, "令狐故人", 工作单位="示范研究所")
    more(page, "登记去世")
    page.get_by_label("去世日期").fill(today())
    page.get_by_label("信息来源").fill("所在单位讣告")
    page.get_by_role("button", name="登记", exact=True).click()
    confirm(page)
    expect(toast(page)).to_contain_text("已登记。")
    expect(page.locator("main")).to_contain_text("已故")

    sign_in(colleague_page, product, "director_haidian")
    colleague_page.goto(f"{record}death/")
    colleague_page.get_by_label("更正理由").fill("同名误登")
    colleague_page.get_by_role("button", name="更正").click()
    confirm(colleague_page)
    expect(toast(colleague_page)).to_contain_text("已更正")
    expect(colleague_page.locator("main")).not_to_contain_text("已故")
