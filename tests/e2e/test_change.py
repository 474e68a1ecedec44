"""二（二）: an officer reports a transfer with its letter, the director verifies it, and it takes effect."""

from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running
from tests.e2e.steps import enter_expert, is_wider_than_the_screen, pick, sign_in, toast
from tests.experts.files import PDF

pytestmark = pytest.mark.e2e


def test_a_transfer_is_reported_verified_and_takes_effect(
    product: Running, page: Page, colleague_page: Page, tmp_path: Path
) -> None:
    letter = tmp_path / "单位来函.pdf"
    letter.write_bytes(PDF)
    sign_in(page, product, "officer_haidian")
    record = enter_expert(page, "令狐调动", 工作单位="示范研究所", 职务="所长")
    page.locator("summary").filter(has_text="更多").click()
    page.get_by_role("link", name="报送信息变动").click()
    page.get_by_role("link", name="工作调动").click()
    page.get_by_label("新工作单位").fill("新示范大学")
    page.get_by_label("新职务").fill("教授")
    pick(page, "新联系单位", "朝阳")
    page.get_by_label("跨区域").check()
    page.get_by_label("发生日期").fill(date.today().isoformat())
    page.get_by_label("信息来源").fill("单位来函")
    page.get_by_role("button", name="报送", exact=True).click()
    expect(toast(page)).to_contain_text("已报送")
    page.locator("input[type=file]").set_input_files(letter)
    page.get_by_role("button", name="上传", exact=True).click()
    expect(toast(page)).to_contain_text("已上传")
    expect(page.locator("main")).not_to_contain_text("核实，使其生效")

    sign_in(colleague_page, product, "director_haidian")
    expect(colleague_page.locator("main")).to_contain_text("核实信息变动")
    colleague_page.goto("/experts/changes/")
    colleague_page.get_by_role("link", name="令狐调动").click()
    with colleague_page.expect_download() as fetched:
        colleague_page.get_by_role("link", name="单位来函.pdf").click()
    assert fetched.value.path().read_bytes() == PDF
    assert not is_wider_than_the_screen(colleague_page)
    colleague_page.get_by_role("button", name="核实，使其生效").click()
    expect(toast(colleague_page)).to_contain_text("已核实，变动已生效")

    page.goto(f"{record}?tab=changes")
    expect(page.locator("main")).to_contain_text("已生效")
    expect(page.locator("main")).to_contain_text("新示范大学")
