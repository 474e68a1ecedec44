"""四（一）: a class from the plan to attendance: planned, approved, nominated for, confirmed, attended."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running
from tests.e2e.steps import confirm, is_wider_than_the_screen, sign_in, toast

pytestmark = pytest.mark.e2e
TITLE = "朝阳区专家国情研修班"
NAMES = ("令狐研甲", "令狐研乙", "令狐研丙")


def tick_all(page: Page) -> None:
    page.get_by_label("选择本页全部").check()


def enter(page: Page, name: str) -> None:
    page.goto("/experts/new/")
    page.get_by_label("姓名", exact=True).fill(name)
    page.get_by_label("类别", exact=True).select_option(label="创业人才")
    page.get_by_role("button", name="保存").click()
    expect(toast(page)).to_contain_text("已新增专家")


def test_a_class_is_run_from_nomination_to_attendance(
    product: Running, page: Page, colleague_page: Page, phone_page: Page
) -> None:
    start = date.today()
    sign_in(page, product, "officer_chaoyang")
    for name in NAMES:
        enter(page, name)
    page.goto("/training/plans/")
    page.get_by_role("link", name="起草计划").first.click()
    page.get_by_label("年度").fill(str(start.year))
    page.get_by_role("button", name="起草").click()
    expect(toast(page)).to_contain_text("请安排班次")
    plan = page.url
    page.get_by_role("link", name="安排班次").click()
    page.get_by_label("类型").select_option(label="国情研修班")
    page.get_by_label("名称").fill(TITLE)
    page.get_by_label("办班地点").fill("区委党校")
    page.get_by_label("名额").fill("2")
    page.get_by_label("开始").fill(start.isoformat())
    page.get_by_label("结束").fill((start + timedelta(days=1)).isoformat())
    page.get_by_label("推荐截止").fill(start.isoformat())
    page.get_by_role("button", name="保存").click()
    expect(toast(page)).to_contain_text("已安排")
    course = page.url
    expect(page.get_by_role("link", name="推荐专家")).to_have_count(0)

    sign_in(colleague_page, product, "director_chaoyang")
    colleague_page.goto(plan)
    colleague_page.get_by_role("button", name="批准").click()
    confirm(colleague_page)
    expect(toast(colleague_page)).to_contain_text("已批准")

    page.goto(course)
    page.get_by_role("link", name="推荐专家").click()
    page.get_by_placeholder("姓名、拼音、单位").fill("令狐研")
    page.locator("main").get_by_role("button", name="查找").click()
    for name in NAMES:
        page.get_by_label(name, exact=True).check()
    page.get_by_role("button", name="推荐", exact=True).click()
    expect(toast(page)).to_contain_text("已推荐 3 人。")
    tick_all(page)
    page.get_by_role("button", name="确认（满员的候补）").click()
    expect(toast(page)).to_contain_text("已确认 2 人，名额已满，候补 1 人。")
    expect(page.locator("main")).to_contain_text("已确认 2 / 2 人")

    sign_in(phone_page, product, "officer_chaoyang")
    phone_page.goto(f"{course}?tab=attendance")
    expect(phone_page.locator("main")).to_contain_text("参加研修不计入联系")
    assert not is_wider_than_the_screen(phone_page)
    for box in phone_page.locator("main .rows input[name=nomination]").all():
        box.check()
    phone_page.get_by_role("button", name="报到", exact=True).click()
    expect(phone_page.locator("main")).to_contain_text("报到 2 / 2 人")
    phone_page.get_by_role("link", name="记考勤").first.click()
    expect(phone_page.get_by_role("button", name="保存考勤")).to_be_visible()
    assert not is_wider_than_the_screen(phone_page)
    for choice in phone_page.get_by_label("到会").all():
        choice.check()
    phone_page.get_by_role("button", name="保存考勤").click()
    expect(toast(phone_page)).to_contain_text("已记 2 人。")

    page.goto(course)
    page.locator("summary").filter(has_text="更多").click()
    page.get_by_role("button", name="结束班次").click()
    confirm(page)
    expect(page.locator("main")).to_contain_text("报到和考勤不能再改")
    page.get_by_role("link", name="名单与考勤表").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("main")).to_contain_text("到会")
