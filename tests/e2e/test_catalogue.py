"""三（二）: the city department changes the catalogue, sees whom it moves, and the scopes follow."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running
from tests.e2e.steps import PATIENCE, add_award, enter_expert, figures, sign_in

pytestmark = pytest.mark.e2e


def set_end(page: Page, day: str) -> None:
    page.goto("/experts/honours/BJ_RURAL/edit/")
    page.get_by_label("有效至").fill(day)
    page.get_by_role("button", name="查看影响").click()
    expect(page.get_by_role("button", name="确认修改")).to_be_visible(timeout=PATIENCE)


def apply(page: Page) -> None:
    page.get_by_role("button", name="确认修改").click()
    expect(page.locator("#change-status")).to_contain_text("已全部重新认定", timeout=PATIENCE)


def test_an_honour_is_ended_after_seeing_whom_it_moves(product: Running, page: Page) -> None:
    sign_in(page, product, "staff_city")
    record = enter_expert(page, "朴言旻")
    add_award(page, record, "北京市有突出贡献的农村实用人才")
    expect(page.locator(".page-head")).to_contain_text("重点联系")

    set_end(page, (date.today() - timedelta(days=1)).isoformat())

    counted = figures(page)
    assert (counted["转为重点联系"], int(counted["转为普遍联系"].removesuffix("人")) >= 1) == ("0人", True)
    expect(page.get_by_role("link", name="朴言旻")).to_be_visible()
    page.goto(record)
    expect(page.locator(".page-head")).to_contain_text("重点联系")
    set_end(page, (date.today() - timedelta(days=1)).isoformat())
    apply(page)
    page.goto(record)
    expect(page.locator(".page-head")).to_contain_text("普遍联系")
    expect(page.locator("main")).to_contain_text("称号目录中该称号已停用或尚未生效")
    set_end(page, "")
    assert figures(page)["转为重点联系"] == counted["转为普遍联系"]
    apply(page)
    page.goto(record)
    expect(page.locator(".page-head")).to_contain_text("重点联系")
