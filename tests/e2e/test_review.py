"""二（二）: key information is reviewed once a year: opened, confirmed in bulk, corrected, closed."""

from datetime import date

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running
from tests.e2e.steps import pick, sign_in, toast

pytestmark = pytest.mark.e2e


def test_a_round_is_opened_worked_through_and_closed(
    product: Running, page: Page, colleague_page: Page
) -> None:
    sign_in(page, product, "director_city")
    page.get_by_role("link", name="年度复核", exact=True).click()
    page.get_by_role("link", name="发起复核").click()
    pick(page, "单位", "朝阳区委")
    page.get_by_label("开始日期").fill(date.today().isoformat())
    page.get_by_role("button", name="发起").click()
    expect(toast(page)).to_contain_text("已发起年度复核。")
    expect(page.locator("main")).to_contain_text("进行中")
    round_url = page.url

    sign_in(colleague_page, product, "officer_chaoyang")
    colleague_page.locator("main").get_by_role("link", name="年度复核：").first.click()
    expect(colleague_page).to_have_url(round_url)
    before = int(colleague_page.locator(".meter b").first.inner_text().replace(",", ""))
    for row in (0, 1):
        colleague_page.locator("[data-bulk-row]").nth(row).check()
    colleague_page.get_by_role("button", name="核实信息无误").click()
    expect(toast(colleague_page)).to_contain_text("已核实 2 人。")
    expect(colleague_page.locator(".meter b").first).to_have_text(f"{before + 2:,}")

    colleague_page.get_by_role("link", name="更正").first.click()
    colleague_page.get_by_label("职务", exact=True).fill("复核后的职务")
    colleague_page.get_by_label("类别", exact=True).select_option(label="创业人才")
    colleague_page.get_by_role("button", name="保存并核实").click()
    expect(toast(colleague_page)).to_contain_text("关键信息记为已核实")
    expect(colleague_page.locator(".meter b").first).to_have_text(f"{before + 3:,}")

    page.goto(round_url)
    page.get_by_role("button", name="结束本轮").click()
    page.get_by_label("小结").fill("三人已核实")
    page.locator("dialog[open]").get_by_role("button", name="结束").click()
    expect(toast(page)).to_contain_text("这轮复核已结束。")
    expect(page.locator("main")).to_contain_text("三人已核实")
