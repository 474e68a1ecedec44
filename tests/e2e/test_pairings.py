"""四（一）: experts are paired with a leader; a leader leaves, the experts are vacant and handed over."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running
from tests.e2e.steps import confirm, is_wider_than_the_screen, pick, sign_in, toast

pytestmark = pytest.mark.e2e
GONE, HEIR = "演示·海淀原领导", "演示·海淀领导乙"


def tick(page: Page, number: int) -> list[str]:
    """Tick the first rows of the list; their names."""
    rows = page.locator("tbody tr")
    for index in range(number):
        rows.nth(index).get_by_role("checkbox").check()
    return [rows.nth(index).locator(".table-name").inner_text() for index in range(number)]


@pytest.mark.parametrize("allowed_errors", [["status of 422"]])
def test_experts_are_paired_and_handed_over_when_the_leader_has_left(
    product: Running, page: Page, allowed_errors: list[str]
) -> None:
    sign_in(page, product, "officer_haidian")
    page.locator(".row-todo").filter(has_text="结对空缺").get_by_role("link", name="安排").click()
    expect(page.locator("main")).to_contain_text("没有联系领导，或联系领导已离任")
    # Two who have nobody are given to somebody who has room for one.
    page.get_by_label("专家姓名").fill("乔")
    page.get_by_role("button", name="查找").click()
    expect(page.locator("tbody tr").first).to_contain_text("乔")
    names = tick(page, 2)
    page.get_by_role("button", name="安排联系领导").click()
    wrapper = page.locator("main .ts-wrapper").filter(has=page.get_by_label("联系领导", exact=True))
    wrapper.click()
    expect(page.locator(".ts-dropdown:visible")).to_contain_text("已满 3 / 3")
    page.keyboard.press("Escape")
    pick(page, "联系领导", "领导乙", HEIR)
    page.get_by_role("button", name="保存").click()
    expect(page.locator("main")).to_contain_text("最多 3 名，还能再安排 1 名，这次选了 2 名")
    page.get_by_label(names[1], exact=True).uncheck()
    page.get_by_role("button", name="保存").click()
    expect(toast(page)).to_contain_text(f"已由{HEIR}联系 1 名专家。")
    expect(page.locator("main")).to_contain_text(names[0])
    # The one who has left: all experts, to the head of the department.
    page.get_by_role("link", name="联系人").click()
    page.locator(".row-item").filter(has_text=GONE).get_by_role("link", name="全部移交").click()
    expect(page.locator(".row-item input:checked")).to_have_count(3)
    pick(page, "联系领导", "海淀组织部门负责人")
    page.get_by_role("button", name="保存").click()
    expect(toast(page)).to_contain_text("已由演示·海淀组织部门负责人联系 3 名专家。")
    page.goto("/pairings/?vacant=yes")
    expect(page.locator("main")).to_contain_text("没有符合条件的结对")
    # On the page of one of them, who was there before.
    page.goto("/pairings/?person=director_haidian")
    page.locator("tbody .table-name").first.click()
    page.get_by_role("link", name="安排与历史").click()
    expect(page.locator("main")).to_contain_text(GONE)
    page.locator(".row-item").filter(has_text="演示·海淀组织部门负责人").get_by_role(
        "button", name="解除"
    ).click()
    confirm(page)
    expect(toast(page)).to_contain_text("已解除 1 对。")
    expect(page.locator("main")).to_contain_text("联系领导：未安排")


def test_a_leader_finds_their_own_experts_on_the_phone(product: Running, phone_page: Page) -> None:
    page = phone_page
    sign_in(page, product, "first_leader_haidian")
    page.get_by_role("button", name="导航").click()
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="我联系的专家").click()
    expect(page.locator("main .row-item")).to_have_count(5)
    assert not is_wider_than_the_screen(page)
    name = page.locator("main .row-title a").first.inner_text()
    page.get_by_role("link", name="打开档案").first.click()
    expect(page.locator("h1")).to_contain_text(name)
    expect(page.locator("main")).to_contain_text("演示·海淀主要领导")
