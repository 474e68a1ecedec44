"""One person entered twice: shown as a possible duplicate, merged with a choice of values, told by both
histories, and parted again within the 30 days."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running
from tests.e2e.steps import is_wider_than_the_screen, sign_in, toast

pytestmark = pytest.mark.e2e


def enter(page: Page, post: str) -> None:
    page.goto("/experts/new/")
    page.get_by_label("姓名", exact=True).fill("令狐双双")
    page.get_by_label("出生年月", exact=True).fill("1966-05")
    page.get_by_label("工作单位", exact=True).fill("示范研究所")
    page.get_by_label("职务", exact=True).fill(post)
    page.get_by_label("类别", exact=True).select_option(label="创业人才")
    page.get_by_role("button", name="保存").click()


def test_a_person_entered_twice_is_merged_and_parted_again(product: Running, page: Page) -> None:
    main = page.locator("main")
    sign_in(page, product, "officer_haidian")
    enter(page, "所长")
    expect(toast(page)).to_contain_text("已新增专家“令狐双双”")
    first = page.url

    enter(page, "院长")
    expect(main).to_contain_text("专家库里可能已有这位专家，还没有保存")
    expect(main).to_contain_text("姓名和出生年月相同")
    page.get_by_label("已核对，不是上面列出的人，仍要新增").check()
    page.get_by_role("button", name="保存").click()
    expect(toast(page)).to_contain_text("已新增专家“令狐双双”")
    second = page.url
    number = "ZJ-" + toast(page).inner_text().partition("ZJ-")[2][:8]

    page.goto("/experts/duplicates/")
    expect(main).to_contain_text("令狐双双")
    page.goto(first)
    page.get_by_role("link", name="核对合并").click()
    page.locator("input[name=post][value=gone]").check()
    page.get_by_role("button", name="合并", exact=True).click()
    expect(toast(page)).to_contain_text("已合并")
    expect(main).to_contain_text("院长")

    page.goto(f"{first}?tab=history")
    expect(main).to_contain_text("合并档案")
    expect(main.locator(".row-event").filter(has_text="建立档案")).to_have_count(2)
    expect(main.locator(".row-event").filter(has_text=number)).not_to_have_count(0)
    assert not is_wider_than_the_screen(page)
    page.goto(second)
    expect(page).to_have_url(first)  # the old address leads on

    page.get_by_role("button", name="撤销合并").click()
    expect(toast(page)).to_contain_text("已撤销合并")
    expect(main).to_contain_text("所长")
    page.goto(second)
    expect(page).to_have_url(second)
    expect(main).to_contain_text("院长")
    page.goto(f"{second}?tab=history")
    expect(main).to_contain_text("撤销合并，恢复为单独的档案")
    expect(main.locator(".row-event").filter(has_text="建立档案")).to_have_count(1)
