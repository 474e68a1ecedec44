"""五（一）: a leader's dashboard: every number opens its list, it fills a screen and one sheet of paper, and
its tables leave as a workbook."""

from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.e2e.conftest import Running
from tests.e2e.steps import PATIENCE, figures, is_wider_than_the_screen, sign_in

pytestmark = pytest.mark.e2e
MEETINGS = {
    "召开例会": "会议活动",
    "议定事项超期": "议定事项",
    "开办研修班次": "研修",
    "专家参训": "参训情况",
}


def test_numbers_open_their_lists_and_the_page_is_shown_and_printed(
    product: Running, page: Page, phone_page: Page
) -> None:
    sign_in(page, product, "staff_city")
    page.get_by_role("link", name="领导看板").click()
    shown = figures(page)
    assert list(shown) == ["重点联系专家覆盖率", "逾期未联系", "新列入名单", *MEETINGS]
    for label, heading in MEETINGS.items():
        assert int(shown[label].split()[0].rstrip("次项个人")) > 0, label
        page.get_by_role("link", name=label, exact=True).click()
        expect(page.locator("main")).to_contain_text(heading)
        expect(page.locator("main tbody tr").first).to_be_visible()
        page.go_back()
    expect(page.locator(".chart svg").first).to_be_visible()
    page.get_by_text("看数据表").first.click()
    expect(page.locator(".chart-table tbody").first).to_contain_text("%")
    assert len(PdfReader(BytesIO(page.pdf(prefer_css_page_size=True))).pages) == 1

    page.get_by_role("button", name="全屏").click()
    expect(page.locator("main form.filter-form")).to_be_hidden()
    page.keyboard.press("Escape")

    sign_in(phone_page, product, "leader_city")
    for address in ("/dashboard/", "/dashboard/?of=mine"):
        phone_page.goto(address)
        assert not is_wider_than_the_screen(phone_page)


def test_the_tables_leave_as_a_workbook(product: Running, page: Page) -> None:
    sign_in(page, product, "leader_city")
    page.goto("/dashboard/?span=quarter")
    page.get_by_role("button", name="导出").click()
    page.locator("#export").get_by_label("事由").fill("季度例会")
    page.locator("#export").get_by_role("button", name="导出").click()
    link = page.get_by_role("link", name="下载")
    expect(link.first).to_be_visible(timeout=PATIENCE)
    with page.expect_download() as download:
        link.first.click()
    sheet = load_workbook(BytesIO(Path(download.value.path()).read_bytes())).active
    items = {row[2] for row in sheet.iter_rows(values_only=True)}
    assert {"重点联系专家覆盖率", *MEETINGS} <= items
