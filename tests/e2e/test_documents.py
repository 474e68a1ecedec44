"""An officer prints the roster of today, and takes an expert's registration form along from the phone."""

import re
from pathlib import Path

import pytest
from docx import Document
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.e2e.conftest import Running
from tests.e2e.steps import PATIENCE, is_wider_than_the_screen, sign_in

pytestmark = pytest.mark.e2e


def export(page: Page, button: str, format: str, to: Path) -> str:
    """From the button on a page to the file that was fetched; returns the export's number."""
    page.get_by_role("button", name=button, exact=True).click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("格式").select_option(label=format)
    dialog.get_by_label("事由").fill("准备专家座谈会")
    assert not is_wider_than_the_screen(page)
    dialog.get_by_role("button", name="导出").click()
    download = page.get_by_role("link", name="下载")
    expect(download).to_be_visible(timeout=PATIENCE)
    assert not is_wider_than_the_screen(page)
    number = page.locator(".page-subtitle").inner_text().removeprefix("导出编号 ")
    with page.expect_download() as started:
        download.click()
    assert number in started.value.suggested_filename
    started.value.save_as(to)
    return number


def test_the_roster_of_today_is_printed_as_pdf(product: Running, page: Page, tmp_path: Path) -> None:
    sign_in(page, product, "officer_haidian")
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="联系专家名单").click()
    listed = re.search(r"共 (\d+) 人", page.locator(".page-subtitle").inner_text())
    assert listed is not None

    number = export(page, "导出名单", "PDF 文档（打印用）", tmp_path / "roster.pdf")
    pages = PdfReader(tmp_path / "roster.pdf").pages
    text = "".join(each.extract_text() for each in pages)
    assert f"共 {listed[1]} 人" in text
    assert f"导出编号 {number}" in text
    assert f"第 1 页 共 {len(pages)} 页" in text
    assert "严禁存储、处理、传输国家秘密信息" in text


def test_a_registration_form_is_fetched_on_the_phone(
    product: Running, phone_page: Page, tmp_path: Path
) -> None:
    sign_in(phone_page, product, "officer_haidian")
    phone_page.goto("/experts/")
    phone_page.locator("tbody a").first.click()
    name = phone_page.get_by_role("heading", level=1).inner_text()
    export(phone_page, "登记表", "Word 文档", tmp_path / "card.docx")
    document = Document(str(tmp_path / "card.docx"))
    assert document.tables[0].cell(0, 1).text == name
