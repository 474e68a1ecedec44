"""四（一）: a visit is planned at a desk, with what stands in its way, and recorded on a phone with what was
heard and a photo; the clock of the expert, the workbench and the coverage tell of it."""

from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running
from tests.e2e.steps import add_award, enter_expert, is_wider_than_the_screen, sign_in, toast
from tests.experts.files import photo

pytestmark = pytest.mark.e2e


def test_a_visit_is_planned_recorded_on_the_phone_and_resets_the_clock(
    product: Running, page: Page, phone_page: Page, tmp_path: Path
) -> None:
    picture = tmp_path / "IMG_0001.jpg"
    picture.write_bytes(photo(size=(1600, 1200)))
    sign_in(page, product, "officer_haidian")
    record = enter_expert(page, "令狐走访", 工作单位="示范研究所")
    add_award(page, record, "享受政府特殊津贴专家")
    page.goto(record)
    clock = page.locator(".fact").filter(has_text="下次应联系")
    expect(clock).to_contain_text("今天到期")
    page.get_by_role("link", name="安排走访").click()
    page.get_by_label("日期", exact=True).fill(date.today().isoformat())
    page.get_by_label("开始").fill("10:00")
    page.get_by_label("地点").fill("示范研究所")
    page.get_by_role("button", name="安排", exact=True).click()
    expect(toast(page)).to_contain_text("已安排")
    a_second_visit_at_that_hour_is_warned_of(page, record)

    phone = phone_page
    sign_in(phone, product, "officer_haidian")
    phone.get_by_role("link", name="走访慰问 令狐走访").click()
    phone.get_by_role("link", name="记录", exact=True).click()
    phone.get_by_label("听到什么").fill("实验室用电紧张")
    phone.get_by_role("button", name="加一条诉求").click()
    phone.locator("[data-line] textarea").fill("实验室用电增容")
    phone.locator("input[type=file]").set_input_files(picture)
    expect(phone.locator("[data-photo-text]")).to_contain_text("已选 1 张照片")
    assert not is_wider_than_the_screen(phone)
    phone.get_by_role("button", name="提交").click()
    expect(toast(phone)).to_contain_text("已记录")
    expect(phone.locator("main")).to_contain_text("实验室用电增容")
    assert not is_wider_than_the_screen(phone)
    served = phone.request.get(str(phone.locator(".photo img").get_attribute("src")))
    kept = Image.open(BytesIO(served.body()))
    assert (served.status, kept.size, dict(kept.getexif())) == (200, (1600, 1200), {})
    assert b"taken at home" not in served.body()

    page.goto(record)
    expect(clock).not_to_contain_text("今天到期")
    expect(page.locator(".fact").filter(has_text="上次联系")).to_contain_text(date.today().isoformat())
    expect(page.locator("main")).to_contain_text("实验室用电紧张")
    for seen in (page, phone):
        seen.goto("/")
        expect(seen.locator("main")).to_contain_text("办理诉求：实验室用电增容")
        seen.goto("/coverage/D04/?state=covered")
        expect(seen.locator("main")).to_contain_text("令狐走访")
        assert not is_wider_than_the_screen(seen)


def a_second_visit_at_that_hour_is_warned_of(page: Page, record: str) -> None:
    """While the form is filled in, and only for hours that meet."""
    page.goto(record)
    page.get_by_role("link", name="安排走访").click()
    conflicts = page.locator("#conflicts")
    page.get_by_label("日期", exact=True).fill(date.today().isoformat())
    page.get_by_label("开始").fill("10:30")
    expect(conflicts).to_contain_text("时间有冲突")
    expect(conflicts).to_contain_text("令狐走访 10:00 走访慰问")
    page.get_by_label("开始").fill("15:00")
    expect(conflicts).not_to_contain_text("时间有冲突")


def test_quick_entry_needs_three_fields_and_a_draft_waits(product: Running, phone_page: Page) -> None:
    page = phone_page
    sign_in(page, product, "officer_haidian")
    record = enter_expert(page, "令狐草稿", 工作单位="示范大学")
    page.goto(record)
    page.get_by_role("link", name="记一次走访").click()
    page.locator(".segment").filter(has_text="昨天").click()
    page.get_by_label("听到什么").fill("谈到一半")
    page.get_by_role("button", name="存草稿").click()
    expect(toast(page)).to_contain_text("已存为草稿")
    page.get_by_role("link", name="继续写").click()
    expect(page.get_by_label("听到什么")).to_have_value("谈到一半")
    expect(page.get_by_label("昨天")).to_be_checked()
    page.get_by_role("button", name="提交").click()
    expect(toast(page)).to_contain_text("已记录")
    expect(page.locator("main")).to_contain_text("联络员当面")
    assert not is_wider_than_the_screen(page)
