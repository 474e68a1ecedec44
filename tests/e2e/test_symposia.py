"""四（一）: a symposium is planned with experts; who came was kept in touch with, until a correction takes
it back."""

from datetime import date

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running
from tests.e2e.steps import enter_expert, is_wider_than_the_screen, pick, sign_in, toast

pytestmark = pytest.mark.e2e
TITLE = "青年专家座谈会"


def note(page: Page, symposium: str, name: str, attendance: str) -> None:
    page.goto(f"{symposium}record/")
    page.get_by_label(f"{name} 到会情况").select_option(label=attendance)
    page.get_by_role("button", name="保存记录").click()
    expect(page.locator("main")).to_contain_text(attendance)


def test_a_symposium_is_planned_held_and_corrected(product: Running, page: Page, phone_page: Page) -> None:
    today = date.today().isoformat()
    sign_in(page, product, "officer_haidian")
    came, away = (enter_expert(page, name, 工作单位="示范研究所") for name in ("令狐座甲", "令狐座乙"))
    page.goto("/gatherings/new/symposium/")
    page.get_by_label("名称").fill(TITLE)
    page.get_by_label("日期").fill(today)
    page.get_by_label("开始").fill("09:00")
    page.get_by_label("结束").fill("11:00")
    page.get_by_label("地点").fill("区人才之家")
    page.get_by_role("button", name="保存").click()
    expect(toast(page)).to_contain_text("已安排。")
    symposium = page.url
    for name in ("令狐座甲", "令狐座乙"):
        pick(page, "添加专家", name)
        page.get_by_role("button", name="加入名单").click()
        expect(page.locator("main")).to_contain_text(name)

    phone = phone_page
    sign_in(phone, product, "officer_haidian")
    phone.goto(f"{symposium}record/")
    phone.get_by_label("令狐座甲 到会情况").select_option(label="到会")
    phone.get_by_label("令狐座乙 到会情况").select_option(label="请假")
    phone.get_by_label("纪要").fill("介绍了课题进展。")
    assert not is_wider_than_the_screen(phone)
    phone.get_by_role("button", name="保存记录").click()
    expect(phone.locator("main")).to_contain_text("介绍了课题进展。")
    assert not is_wider_than_the_screen(phone)

    timeline = page.locator("main .row-event")
    page.goto(came)
    expect(timeline).to_contain_text("座谈联谊")
    expect(timeline).not_to_contain_text("已取消")
    page.goto(away)
    expect(timeline).to_have_count(0)

    note(page, symposium, "令狐座甲", "缺席")
    page.goto(came)
    expect(timeline).to_contain_text("更正：没有到会")
    note(page, symposium, "令狐座甲", "到会")
    page.goto(came)
    expect(timeline).to_have_count(1)
    expect(timeline).not_to_contain_text("更正")
