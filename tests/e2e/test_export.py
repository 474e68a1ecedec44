"""An officer takes the list of key experts along as a workbook."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from python_calamine import CalamineWorkbook

from tests.e2e.conftest import Running
from tests.e2e.steps import PATIENCE, confirm, is_wider_than_the_screen, sign_in, toast

pytestmark = pytest.mark.e2e
HEAD_LINE = 5


def test_an_officer_exports_the_filtered_list(product: Running, page: Page, tmp_path: Path) -> None:
    sign_in(page, product, "officer_haidian")
    page.goto("/experts/?scope=key")
    listed = re.search(r"\d+", page.locator(".page-subtitle").inner_text())
    assert listed is not None

    page.get_by_role("button", name="导出", exact=True).click()
    dialog = page.locator("#export")
    dialog.get_by_label("事由").fill("准备专家座谈会")
    dialog.get_by_role("button", name="导出").click()

    download = page.get_by_role("link", name="下载")
    expect(download).to_be_visible(timeout=PATIENCE)
    assert not is_wider_than_the_screen(page)
    number = page.locator(".page-subtitle").inner_text().removeprefix("导出编号 ")
    with page.expect_download() as started:
        download.click()
    assert started.value.suggested_filename == f"专家名单-{number}.xlsx"
    started.value.save_as(tmp_path / "list.xlsx")
    lines = CalamineWorkbook.from_path(tmp_path / "list.xlsx").get_sheet_by_index(0).to_python()
    assert lines[1][0] == f"专家名单  导出编号 {number}"
    assert len(lines) - HEAD_LINE - 1 == int(listed[0])
    assert {line[11] for line in lines[HEAD_LINE + 1 :]} == {"重点联系"}

    page.locator(".bell").click()
    page.get_by_role("link", name="导出已完成").first.click()
    expect(page.get_by_role("heading", name="专家名单")).to_be_visible()
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="导出记录").click()
    expect(page.locator("main")).to_contain_text(number)
    page.locator("tr", has_text=number).get_by_role("button", name="删除").click()
    confirm(page)
    expect(toast(page)).to_contain_text(f"已删除导出 {number}")


def test_the_auditor_exports_the_trail(product: Running, page: Page, tmp_path: Path) -> None:
    sign_in(page, product, "auditor")
    page.goto("/audit/?verb=sign_in")
    page.get_by_role("button", name="导出", exact=True).click()
    dialog = page.locator("#export")
    dialog.get_by_label("事由").fill("季度检查")
    dialog.get_by_role("button", name="导出").click()

    download = page.get_by_role("link", name="下载")
    expect(download).to_be_visible(timeout=PATIENCE)
    with page.expect_download() as started:
        download.click()
    started.value.save_as(tmp_path / "trail.xlsx")
    lines = CalamineWorkbook.from_path(tmp_path / "trail.xlsx").get_sheet_by_index(0).to_python()
    assert lines[HEAD_LINE][:4] == ["序号", "时间", "用户名", "行为"]
    assert {line[3] for line in lines[HEAD_LINE + 1 :]} == {"登录"}
