"""A reminder on its way: planned, told by the bell without a reload, done from the message; choices."""

import os
import re
import subprocess
import sys
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import steps
from tests.e2e.conftest import Running
from tests.product import PROJECT, environment

pytestmark = pytest.mark.e2e
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture
def allowed_errors() -> list[str]:
    """Forms that are refused on purpose."""
    return ["status of 422"]


def remind(product: Running, moment: str) -> None:
    """The operator's two commands, as if it were that moment."""
    for act in ("plan", "deliver"):
        command = [sys.executable, "manage.py", "reminders", act, "--now", moment]
        variables = {"LIAISON_DB_ROLE": "worker", "PATH": os.environ["PATH"]}
        subprocess.run(command, cwd=PROJECT, env=environment(product.data, **variables), check=True)


def monday(number: int) -> str:
    """A Monday well after the demo was laid, when heads are told of contacts that are overdue."""
    ahead = date.today() + timedelta(days=35, weeks=number)
    return f"{ahead + timedelta(days=-ahead.weekday() % 7)}T09:00"


def bell(page: Page) -> int:
    label = page.locator("[data-bell]").get_attribute("aria-label") or ""
    found = re.search(r"\d+", label)
    assert found is not None
    return int(found[0])


@pytest.mark.parametrize("fixture", ["page", "phone_page"])
def test_the_bell_tells_without_a_reload_and_the_reminder_is_done_from_the_message(
    product: Running, request: pytest.FixtureRequest, fixture: str
) -> None:
    page: Page = request.getfixturevalue(fixture)
    page.clock.install()
    steps.sign_in(page, product, "director_haidian")
    page.goto("/experts/")
    before = bell(page)

    remind(product, monday(0 if fixture == "page" else 1))  # each run takes a Monday of its own
    page.clock.run_for(61_000)
    expect(page.locator("[data-bell]")).not_to_have_attribute("aria-label", f"提醒，{before} 条未读")
    assert bell(page) > before

    page.locator("[data-bell]").click()
    expect(page.get_by_role("heading", name="消息", exact=True)).to_be_visible()
    assert page.evaluate(WIDER) is False
    page.get_by_role("link", name="未办").click()
    address = page.locator(".row-main a").first.get_attribute("href")
    row = page.locator(".row-item").filter(has=page.locator(f'a[href="{address}"]'))
    row.get_by_role("button").click()
    expect(steps.toast(page)).to_contain_text("已办")
    expect(row).to_have_count(0)
    page.get_by_role("link", name="已办", exact=True).click()
    expect(row.get_by_text("已办", exact=True)).to_be_visible()


def test_messages_are_ticked_and_marked_together(product: Running, page: Page) -> None:
    remind(product, monday(2))
    steps.sign_in(page, product, "director_haidian")
    page.goto("/messages/?show=unread")
    unread = page.locator(".row-item").count()
    assert unread >= 1
    first = page.locator(".row-main a").first.get_attribute("href")
    page.get_by_label("选择本页全部").check()
    page.get_by_role("button", name="标为已读", exact=True).click()
    expect(steps.toast(page)).to_contain_text(f"已标为已读 {unread} 条")
    expect(page.locator(f'a[href="{first}"]')).to_have_count(0)


def test_choices_are_kept_and_a_head_tunes_a_rule(product: Running, page: Page) -> None:
    steps.sign_in(page, product, "director_haidian")
    page.goto("/messages/preferences/")
    page.get_by_label("名单提案等我办理").select_option(label="随时发送")
    page.get_by_label("从", exact=True).fill("20:30")
    page.get_by_role("button", name="保存").click()
    expect(steps.toast(page)).to_contain_text("已保存")
    expect(page.get_by_label("名单提案等我办理")).to_have_value("now")
    expect(page.get_by_label("从", exact=True)).to_have_value("20:30")

    page.goto("/units/D04/")
    page.get_by_role("link", name="提醒规则").click()
    page.get_by_role("link", name="修改 重点联系到期").click()
    page.get_by_label(re.compile("到期前几天提醒")).fill("20")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("到期前几天提醒：20 天")).to_be_visible()


def test_the_administrator_sees_how_reminders_run(product: Running, page: Page) -> None:
    steps.sign_in(page, product, "sysadmin")
    page.get_by_role("link", name="提醒运行").first.click()
    expect(page.get_by_role("heading", name="提醒运行")).to_be_visible()
    expect(page.get_by_text("提醒没有在运行")).to_have_count(0)
    page.get_by_label("收件邮箱").fill("check@example.org")
    page.get_by_role("button", name="发一封测试邮件").click()
    expect(page.get_by_text("还没有设置邮件服务器（EMAIL_URL）。").first).to_be_visible()
