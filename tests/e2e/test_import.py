"""二（二）: an officer brings the office's own roster into the register."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running
from tests.e2e.steps import PATIENCE, confirm, figures, is_wider_than_the_screen, pick, sign_in, toast
from tests.product import PROJECT

pytestmark = pytest.mark.e2e
ROSTER = PROJECT / "tests" / "rosters" / "merged_7.xlsx"


def mend(page: Page, row: int, label: str, text: str) -> None:
    """Put a held row right and have it checked again."""
    form = page.get_by_role("form", name=f"改第 {row} 行")
    form.get_by_label(label).fill(text)
    form.get_by_role("button", name="改好了，重新检查").click()
    expect(page.locator(f"#row-{row}.import-held")).to_have_count(0, timeout=PATIENCE)
    expect(page.get_by_role("heading", name="待处理")).to_be_visible(timeout=PATIENCE)


def test_an_officer_imports_a_roster_and_proposes_its_people(
    product: Running, page: Page, colleague_page: Page
) -> None:
    sign_in(page, product, "officer_haidian")
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="导入名册").click()
    page.get_by_role("link", name="导入一份名册").first.click()
    page.locator("input[type=file]").set_input_files(ROSTER)
    expect(page.get_by_text("merged_7.xlsx")).to_be_visible()
    page.get_by_role("button", name="上传").click()

    page.get_by_role("button", name="检查名册").click(timeout=PATIENCE)

    expect(page.locator("main")).to_contain_text("共 120 行 · 重点 75 人", timeout=PATIENCE)
    before = {"新增": "111人", "更新": "0人", "无变化": "0人", "待处理": "4行", "重复": "5行"}
    assert figures(page) == before
    page.get_by_role("link", name="看待处理的行").click()
    mend(page, 28, "证件号码", "110105197509056301")
    mend(page, 49, "姓名", "林知遥")
    assert figures(page) == before | {"新增": "113人", "待处理": "2行"}
    assert not is_wider_than_the_screen(page)

    page.get_by_role("button", name="导入 113 人").click()
    confirm(page)

    expect(page.locator("main")).to_contain_text("新增 113 人，更新 0 人", timeout=PATIENCE)
    assert figures(page) == {
        "新增": "113人",
        "更新": "0人",
        "无变化": "0人",
        "没有导入": "2行",
        "重复": "5行",
    }
    imported = page.url
    page.goto("/experts/?q=lzy&sort=-updated")
    expect(page.get_by_role("link", name="林知遥", exact=True)).to_be_visible()
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="导入名册").click()
    expect(page.locator("main")).to_contain_text("已导入")

    page.goto(imported)
    expect(page.locator("main")).to_contain_text("113 人还不在海淀区委的名单上")
    propose_all(page)
    address = page.url
    sign_in(colleague_page, product, "director_haidian")
    colleague_page.goto(address)
    colleague_page.get_by_role("button", name="审核通过", exact=True).click()
    expect(toast(colleague_page)).to_contain_text("已审核")
    colleague_page.get_by_role("button", name="批准", exact=True).click()
    confirm(colleague_page)
    done_behind(colleague_page, "已批准")
    page.goto("/experts/roster/D04/?letter=l")
    expect(page.locator("main")).to_contain_text("林知遥")
    page.goto(imported)
    expect(page.locator("main")).to_contain_text("已批准")


def propose_all(page: Page) -> None:
    """One document for all of them, the basic conditions confirmed at once, handed in."""
    page.get_by_role("button", name="提出纳入 113 人").click()
    page.get_by_text("统一填写全部 113 人").click()
    page.get_by_label("已逐人核对，全部符合基本条件").first.check()
    page.get_by_role("button", name="应用到全部").click()
    confirm(page)
    expect(toast(page)).to_contain_text("已交后台办理")
    page.get_by_role("button", name="提交", exact=True).click(timeout=PATIENCE)
    done_behind(page, "待审核")


def done_behind(page: Page, state: str) -> None:
    """A worker does it; the page shows how far it is, and what it was when it has ended."""
    expect(toast(page)).to_contain_text("已交后台办理")
    expect(page.locator(".page-subtitle")).to_contain_text(state, timeout=PATIENCE)
    expect(page.get_by_text("后台办理", exact=True)).to_have_count(0)


def test_the_unit_of_a_roster_is_found_by_typing(product: Running, page: Page) -> None:
    sign_in(page, product, "staff_city")
    page.goto("/imports/new/")
    pick(page, "联系单位", "海淀", "海淀区委")
    expect(page.locator("select[name=unit]")).to_have_value("D04")
