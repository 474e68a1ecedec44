"""二（二）, 三: finding people, reading why they are key, and keeping their records."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running
from tests.e2e.steps import DETAIL, add_award, confirm, enter_expert, pick, sign_in, toast

pytestmark = pytest.mark.e2e


def test_a_person_is_found_by_initials_with_the_keyboard_and_is_key_for_a_reason(
    product: Running, page: Page
) -> None:
    sign_in(page, product, "officer_haidian")
    record = enter_expert(page, "覃鑫淼", 工作单位="示范研究所")
    add_award(page, record, "享受政府特殊津贴专家", 年度="2018")
    page.goto("/")

    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="搜索专家")).to_be_focused()
    page.keyboard.type("qxm")
    option = page.get_by_role("option", name="覃鑫淼")
    expect(option).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")

    page.wait_for_url(record)
    reason = page.locator(".card").filter(has_text="为什么是重点联系")
    expect(reason).to_contain_text("享受政府特殊津贴专家")
    expect(reason).to_contain_text("2018年 · 国家级 · 依据《意见》三（二）")
    expect(page.locator(".page-head")).to_contain_text("重点联系")


def test_the_arrows_go_round_the_suggestions_and_escape_closes_them(product: Running, page: Page) -> None:
    sign_in(page, product, "officer_haidian")
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("w")
    page.keyboard.type("ang")
    box = page.get_by_role("combobox", name="搜索专家")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("option", name="查看全部结果")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#search-suggestions")).to_be_hidden()
    box.fill("wang")
    page.keyboard.press("Enter")
    page.wait_for_url("**/experts/?q=wang")


@pytest.mark.parametrize("allowed_errors", [["status of 409"]])
def test_a_colleague_who_saves_first_is_noticed_and_both_versions_are_shown(
    product: Running, page: Page, colleague_page: Page, allowed_errors: list[str]
) -> None:
    sign_in(page, product, "officer_haidian")
    record = enter_expert(page, "解予砚", 职务="教授")
    page.goto(f"{record}edit/")
    page.get_by_label("职务", exact=True).fill("所长")
    sign_in(colleague_page, product, "director_haidian")
    colleague_page.goto(f"{record}edit/")
    colleague_page.get_by_label("职务", exact=True).fill("院长")
    colleague_page.get_by_role("button", name="保存").click()
    expect(toast(colleague_page)).to_contain_text("已保存")

    with page.expect_response(f"{record}edit/") as answer:
        page.get_by_role("button", name="保存").click()

    assert answer.value.status == 409
    expect(page.locator("main")).to_contain_text("这条记录刚被别人改过，您的改动还没有保存")
    expect(page.locator("main")).to_contain_text("演示·海淀组织部门负责人")
    row = page.locator(".conflict tbody tr")
    expect(row).to_have_count(1)
    assert row.locator("td").all_inner_texts() == ["所长", "院长"]
    expect(page.get_by_label("职务", exact=True)).to_have_value("所长")
    page.get_by_role("button", name="保存").click()
    expect(toast(page)).to_contain_text("已保存")
    expect(page.locator("main")).to_contain_text("所长")


def test_several_people_get_a_category_and_a_filter_is_kept(product: Running, page: Page) -> None:
    sign_in(page, product, "officer_haidian")
    for name in ("仇若川", "仇若恺"):
        enter_expert(page, name, 工作单位="批量示范工坊")
    page.goto("/experts/?q=批量示范工坊")
    assert page.locator("tbody tr").count() == 2

    page.get_by_label("选择本页全部").check()
    expect(page.get_by_role("region", name="批量操作")).to_contain_text("已选 2")
    page.locator("#bulk-category").select_option(label="高技能人才")
    page.get_by_role("button", name="应用").click()

    expect(toast(page)).to_contain_text("已更新 2 人")
    assert page.locator('tbody td[data-label="类别"]').all_inner_texts() == ["高技能人才", "高技能人才"]
    page.locator("main").get_by_label("类别", exact=True).first.select_option(label="高技能人才")
    page.wait_for_url("**category=high_skill**")
    page.get_by_role("button", name="存为常用筛选").click()
    page.locator("#save-filter").get_by_label("名称").fill("工坊里的能手")
    page.locator("#save-filter").get_by_role("button", name="保存").click()
    expect(toast(page)).to_contain_text("已存为常用筛选“工坊里的能手”")
    page.get_by_role("link", name="去掉筛选：高技能人才").click()
    expect(page.get_by_role("link", name="去掉筛选：高技能人才")).to_have_count(0)
    page.get_by_role("link", name="去掉筛选：批量示范工坊").click()
    page.wait_for_url(re.compile(r"/experts/\??$"))
    page.get_by_text("常用筛选", exact=True).click()
    page.get_by_role("link", name="工坊里的能手").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_text("常用筛选", exact=True).click()
    page.get_by_role("button", name="删除常用筛选 工坊里的能手").click()
    confirm(page)
    expect(toast(page)).to_contain_text("已删除常用筛选")


def test_units_are_found_by_typing_in_filter_form_and_bulk_bar(product: Running, page: Page) -> None:
    sign_in(page, product, "staff_city")
    page.goto("/experts/?scope=key")
    pick(page, "联系单位（含所属）", "朝阳", "朝阳区委")
    page.wait_for_url("**unit=D03**")
    expect(page.locator(".chip", has_text="朝阳区委")).to_be_visible()
    expect(page.locator("#id_unit-ts-control").locator("..")).to_contain_text("朝阳区委")
    page.goto("/experts/new/")
    pick(page, "联系单位", "卫生健康", "海淀")
    assert page.locator("select[name=unit]").input_value().startswith("D04")
    page.goto("/experts/?unit=D03")
    page.locator("[data-bulk-row]").first.check()
    page.locator("#bulk-act").select_option(label="划给单位")
    pick(page, "单位", "海淀", "海淀区委")
    expect(page.locator("#bulk-unit")).to_have_value("D04")
    assert page.locator("#bulk-category").is_hidden()


def test_an_award_outside_the_catalogue_decides_scope_only_when_verified(
    product: Running, page: Page
) -> None:
    sign_in(page, product, "officer_haidian")
    record = enter_expert(page, "盖承岳")
    award = "示范城市设计奖"
    add_award(page, record, "其他市级及以上专业领域奖项", 奖项全称=award, 授予机关="示范市", 级别="市级")
    head = page.locator(".page-head")
    expect(head).to_contain_text("普遍联系")
    expect(page.locator(".card").filter(has_text="为什么是普遍联系")).to_contain_text(
        "尚未核实；核实属市级及以上奖项后即为重点联系"
    )

    page.locator("tr", has_text=award).get_by_role("button", name="核实", exact=True).click()

    expect(toast(page)).to_contain_text("联系范围由规则重新认定为“重点联系”")
    expect(head).to_contain_text("重点联系")
    expect(page.locator(".card").filter(has_text="为什么是重点联系")).to_contain_text(award)


def test_a_phone_number_is_shown_for_a_reason_hidden_again_and_on_the_record(
    product: Running, page: Page
) -> None:
    sign_in(page, product, "officer_haidian")
    record = enter_expert(page, "翟维澈", 手机号码="13800138000")
    page.goto(f"{record}?tab=facts")
    line = page.locator(".masked", has_text="手机号码")
    expect(line).to_contain_text("••••••••")
    assert "13800138000" not in page.content()

    line.get_by_role("button", name="显示").click()
    line.get_by_label("查看事由").fill("办理体检")
    line.get_by_role("button", name="显示").click()

    expect(line).to_contain_text("13800138000")
    line.get_by_role("button", name="隐藏").click()
    expect(line).to_contain_text("••••••••")
    assert "13800138000" not in page.content()
    page.get_by_role("navigation", name="专家资料").get_by_role("link", name="查阅记录").click()
    expect(page.locator("main")).to_contain_text("事由：办理体检")
    expect(page).to_have_url(re.compile(DETAIL.replace("$", r"\?tab=log$")))
