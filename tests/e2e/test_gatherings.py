"""二（一）, 四（一）: a meeting with a resolution; the calendar, read and subscribed to."""

from datetime import date

import icalendar
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running
from tests.e2e.steps import is_wider_than_the_screen, pick, sign_in, toast

pytestmark = pytest.mark.e2e


def call(page: Page, button: str, title: str) -> None:
    page.get_by_role("link", name="例会座谈", exact=True).click()
    page.get_by_role("link", name=button).click()
    page.get_by_label("名称").fill(title)
    page.get_by_label("日期").fill(date.today().isoformat())
    page.get_by_label("开始").fill("14:00")
    page.get_by_label("结束").fill("16:00")


def test_a_meeting_is_called_replied_to_held_and_its_resolution_done(
    product: Running, page: Page, colleague_page: Page
) -> None:
    sign_in(page, product, "officer_haidian")
    call(page, "安排一次例会", "第四季度专家工作例会")
    page.get_by_label("地点").fill("三层会议室")
    pick(page, "邀请人员", "分管领导", "演示·海淀分管领导")
    page.get_by_label("议题").first.fill("交流联系工作进展")
    page.get_by_role("button", name="保存").click()
    expect(toast(page)).to_contain_text("已安排。")
    meeting = page.url

    sign_in(colleague_page, product, "leader_haidian")
    colleague_page.goto(meeting)
    expect(colleague_page.locator("main")).to_contain_text("请回复是否参加")
    colleague_page.get_by_label("参加", exact=True).check()
    colleague_page.get_by_role("button", name="回复").click()
    expect(toast(colleague_page)).to_contain_text("已回复。")

    page.goto(meeting)
    expect(page.locator("main")).to_contain_text("已回复 1 / 1")
    page.get_by_role("link", name="记录会议").click()
    page.get_by_label("纪要").fill("交流了进展，研究了难点。")
    page.get_by_role("button", name="保存记录").click()
    expect(page.locator("main")).to_contain_text("到会 1")
    page.get_by_label("议定事项").fill("建立重点专家服务专班")
    pick(page, "责任人", "分管领导", "演示·海淀分管领导")
    page.get_by_label("完成期限").fill(date.today().isoformat())
    page.get_by_role("button", name="记下").click()
    expect(toast(page)).to_contain_text("已记下")

    colleague_page.goto("/gatherings/resolutions/?box=mine")
    colleague_page.get_by_role("link", name="建立重点专家服务专班").click()
    colleague_page.get_by_label("进展或结果").fill("专班已成立")
    colleague_page.get_by_role("button", name="办结").click()
    expect(colleague_page.locator("main")).to_contain_text("已办结")


def test_the_calendar_is_read_on_a_phone_and_subscribed_to(
    product: Running, page: Page, phone_page: Page
) -> None:
    sign_in(page, product, "officer_haidian")
    call(page, "安排一次例会", "日历里的例会")
    page.get_by_role("button", name="保存").click()
    page.get_by_role("link", name="日历", exact=True).click()
    expect(page.locator("table.daygrid")).to_contain_text("日历里的例会")
    page.keyboard.press("ArrowRight")
    expect(page.locator("table.daygrid")).not_to_contain_text("日历里的例会")
    page.keyboard.press("t")
    expect(page.locator("table.daygrid")).to_contain_text("日历里的例会")

    sign_in(phone_page, product, "officer_haidian")
    phone_page.goto("/calendar/")
    expect(phone_page.locator("table.daygrid")).to_be_hidden()
    expect(phone_page.locator(".calendar-list")).to_contain_text("日历里的例会")
    assert not is_wider_than_the_screen(phone_page)

    page.get_by_role("link", name="订阅到手机").click()
    page.get_by_role("button", name="生成订阅地址").click()
    address = page.locator("#feed-address").inner_text()
    answer = page.request.get(address)
    assert answer.status == 200
    calendar = icalendar.Calendar.from_ical(answer.body())
    assert "海淀区委例会" in {str(event["summary"]) for event in calendar.walk("VEVENT")}
