"""二（一）: a briefing is sent with a file and read on a phone; whoever has not read one is reminded."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running
from tests.e2e.steps import is_wider_than_the_screen, pick, sign_in, toast

pytestmark = pytest.mark.e2e
TITLE, EARLIER = "专家服务专班运行情况", "关于做好走访慰问的通报"


@pytest.fixture
def allowed_errors() -> list[str]:
    """A second reminder on the same day is refused."""
    return ["status of 422"]


def test_a_briefing_is_sent_and_its_receipt_comes_back(
    product: Running, page: Page, phone_page: Page, tmp_path: Path
) -> None:
    file = tmp_path / "通报.pdf"
    file.write_bytes(b"%PDF-1.4\nstartxref\n0\n%%EOF")
    sign_in(page, product, "officer_haidian")
    page.get_by_role("link", name="情况通报", exact=True).click()
    page.get_by_role("link", name="起草通报").first.click()
    page.get_by_label("标题").fill(TITLE)
    page.get_by_label("内容").fill("一、专班已经运行。\n二、诉求统一受理。")
    pick(page, "发给哪些单位", "朝阳", "朝阳区")
    page.get_by_role("button", name="保存").click()
    expect(toast(page)).to_contain_text("还没有发送")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="上传").click()
    expect(page.locator("main")).to_contain_text("演示·朝阳联络员")
    page.get_by_role("button", name="发送").first.click()
    page.locator("#send").get_by_role("button", name="发送").click()
    expect(toast(page)).to_contain_text("已发送给")
    briefing = page.url
    page.get_by_role("button", name="提醒未阅知的人").click()
    expect(page.locator("main")).to_contain_text("一天之内已经通知或提醒过")

    phone = phone_page
    sign_in(phone, product, "officer_chaoyang")
    phone.goto("/messages/")
    phone.get_by_role("link", name="请阅知").first.click()
    expect(phone.locator("main")).to_contain_text("诉求统一受理")
    assert not is_wider_than_the_screen(phone)
    with phone.expect_download() as download:
        phone.get_by_role("link", name="通报.pdf").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
    phone.get_by_role("button", name="已阅知").click()
    expect(toast(phone)).to_contain_text("已记为阅知")
    phone.goto("/briefings/?show=unread")
    expect(phone.locator("main")).not_to_contain_text(TITLE)

    page.goto(briefing)
    row = page.locator(".row-item").filter(has_text="演示·朝阳联络员")
    expect(row).not_to_contain_text("未阅知")


def test_who_has_not_read_a_briefing_is_reminded(product: Running, page: Page, colleague_page: Page) -> None:
    sign_in(page, product, "staff_city")
    page.goto("/briefings/")
    page.get_by_role("link", name=EARLIER).click()
    expect(page.locator("main")).to_contain_text("还有 2 人未阅知")
    page.get_by_role("button", name="提醒未阅知的人").click()
    expect(toast(page)).to_contain_text("已提醒 2 人。")
    sign_in(colleague_page, product, "officer_haidian")
    colleague_page.goto("/messages/")
    colleague_page.get_by_role("link", name="还没有阅知，请查看").first.click()
    colleague_page.get_by_role("button", name="已阅知").click()
    expect(toast(colleague_page)).to_contain_text("已记为阅知")
    page.reload()
    expect(page.locator("main")).to_contain_text("还有 1 人未阅知")
