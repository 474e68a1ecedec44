"""二（二）: a department head states the unit's own priority, an officer proposes whom it concerns, and the
explanation names it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running
from tests.e2e.steps import enter_expert, is_wider_than_the_screen, sign_in, toast

pytestmark = pytest.mark.e2e


def state(page: Page, name: str, words: str) -> None:
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="联系重点").click()
    page.get_by_role("link", name="新设联系重点").click()
    page.get_by_label("名称").fill(name)
    page.get_by_label("理由或文件").fill("示范文件")
    page.get_by_label("领域：研究方向里的词").fill(words)
    page.get_by_role("button", name="看会涉及谁").click()


def test_a_priority_is_stated_and_named_where_it_counts(
    product: Running, page: Page, colleague_page: Page
) -> None:
    sign_in(page, product, "officer_haidian")
    record = enter_expert(page, "令狐重点", 工作单位="示范研究所", 研究方向="海洋声学")

    sign_in(colleague_page, product, "director_haidian")
    state(colleague_page, "海洋领域", "海洋声学")
    expect(colleague_page.locator("main")).to_contain_text("会涉及 1 人")
    expect(colleague_page.locator("main")).to_contain_text("令狐重点")
    assert not is_wider_than_the_screen(colleague_page)
    colleague_page.get_by_role("button", name="确认设立").first.click()
    expect(toast(colleague_page)).to_contain_text("已设立联系重点“海洋领域”")

    page.goto(record)
    expect(page.locator("main")).to_contain_text("为什么是普遍联系")
    expect(page.locator("main")).to_contain_text("海淀区委联系重点：海洋领域")
    page.goto("/proposals/to-admit/?own=yes&unit=D04&ground=priority")
    row = page.get_by_role("row", name="令狐重点")
    expect(row).to_contain_text("海洋领域")
    row.get_by_role("checkbox").check()
    page.get_by_role("button", name="提出纳入").click()
    page.get_by_role("button", name="起草").click()
    page.wait_for_url(re.compile(r"/proposals/[0-9a-f-]{36}/$"))
    expect(page.locator("main")).to_contain_text("研究方向含“海洋声学”")
    expect(page.get_by_label("联系范围").last).to_have_value("key")
