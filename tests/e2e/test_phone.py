"""At 390 pixels every page fits, and what people do on the way works."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running
from tests.e2e.steps import is_wider_than_the_screen, sign_in

pytestmark = pytest.mark.e2e
RECORD = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/units/)[^/?]+|(?<=/honours/)[A-Z_]+(?=/)")
MOST = 150


def kind(path: str) -> str:
    """Pages that differ only by whose record they show, or from where a list starts, are one kind."""
    path, _, query = path.partition("?")
    tab = re.search(r"tab=\w+", query)
    return RECORD.sub("…", path) + (f"?{tab[0]}" if tab else "?" if query else "")


def links(page: Page, url: str) -> list[str]:
    found = page.locator("a[href]").evaluate_all("all => all.map(a => a.href)")
    paths = [href.removeprefix(url).partition("#")[0] for href in found if href.startswith(f"{url}/")]
    return [path for path in paths if not re.search(r"/held/|/files?/|/logout|\.xlsx|/static/|/admin/", path)]


@pytest.mark.parametrize("username", ["officer_haidian", "staff_city"])
def test_every_page_of_the_product_fits_a_phone(product: Running, phone_page: Page, username: str) -> None:
    page = phone_page
    sign_in(page, product, username)
    waiting, seen, wide = ["/"], set(), []
    while waiting and len(seen) < MOST:
        path = waiting.pop(0)
        if kind(path) in seen:
            continue
        seen.add(kind(path))
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        if is_wider_than_the_screen(page):
            wide.append(path)
        waiting += [link for link in links(page, product.url) if kind(link) not in seen]
    assert wide == []
    assert {
        "/",
        "/experts/",
        "/experts/…/",
        "/experts/…/edit/",
        "/experts/new/",
        "/units/",
        "/experts/honours/",
        "/exports/",
    } <= seen


def test_list_detail_and_form_are_used_with_a_thumb(product: Running, phone_page: Page) -> None:
    page = phone_page
    sign_in(page, product, "officer_haidian")
    expect(page.locator("#side")).not_to_be_in_viewport()
    page.get_by_role("button", name="导航").click()
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="专家库").click()
    page.wait_for_url("**/experts/")
    first = page.locator("tbody tr").first
    name = first.locator(".table-name").inner_text()
    first.locator(".table-name").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.get_by_role("link", name="编辑资料").click()
    page.get_by_label("研究方向").fill("移动端示范")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("#toasts")).to_contain_text("已保存")
    page.get_by_role("link", name="详细资料").click()
    expect(page.locator("main")).to_contain_text("移动端示范")
