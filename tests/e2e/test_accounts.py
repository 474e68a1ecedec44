"""Signing in and out, the lock, and what each administrator finds (三员分立)."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running
from tests.e2e.steps import sign_in

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    "allowed_errors", [["status of 403", "status of 429", "status of 400", "status of 423"]]
)
def test_five_wrong_passwords_lock_the_account(
    product: Running, page: Page, allowed_errors: list[str]
) -> None:
    for _ in range(5):
        sign_in(page, product, "officer_steel", "wrong-password")
        assert page.url.startswith(f"{product.url}/accounts/login/")
    sign_in(page, product, "officer_steel")
    expect(page.locator("body")).to_contain_text("锁定")
    page.goto("/experts/")
    assert page.url.startswith(f"{product.url}/accounts/login/")


def test_signing_out_ends_the_session(product: Running, page: Page) -> None:
    sign_in(page, product, "officer_haidian")
    expect(page.get_by_role("heading", name="今天")).to_be_visible()
    page.locator("details.who > summary").click()
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/accounts/login/**")
    page.goto("/experts/")
    assert page.url == f"{product.url}/accounts/login/?next=/experts/"
    page.go_back()
    page.goto("/")
    assert page.url == f"{product.url}/accounts/login/?next=/"


ADMINISTRATORS = {
    "sysadmin": {"用户", "单位", "单位参数", "节假日", "文书模板"},
    "secadmin": {"用户", "角色", "待确认事项"},
}


@pytest.mark.parametrize("allowed_errors", [["status of 403"]])
@pytest.mark.parametrize("username", ADMINISTRATORS)
def test_an_administrator_finds_their_own_pages_and_no_expert(
    product: Running, page: Page, username: str, allowed_errors: list[str]
) -> None:
    sign_in(page, product, username)
    page.wait_for_url("**/admin/")
    found = {text.strip() for text in page.locator("#content-main th a").all_inner_texts()}
    assert found == ADMINISTRATORS[username]
    for link in page.locator("#content-main th a").evaluate_all("links => links.map(link => link.href)"):
        answer = page.goto(link)
        assert answer is not None
        assert answer.status == 200
    answer = page.goto("/experts/")
    assert answer is not None
    assert answer.status == 403


@pytest.mark.parametrize("allowed_errors", [["status of 403"]])
def test_the_auditor_finds_the_trail_and_follows_one_user(
    product: Running, page: Page, allowed_errors: list[str]
) -> None:
    sign_in(page, product, "auditor")
    page.wait_for_url("**/audit/")
    expect(page.get_by_role("heading", name="审计记录")).to_be_visible()
    expect(page.locator(".side")).to_contain_text("审计记录")
    page.get_by_label("用户名").fill("auditor")
    page.get_by_role("button", name="查找").click()
    page.wait_for_url("**user=auditor**")
    users = page.locator('td[data-label="用户"]').all_inner_texts()
    assert set(users) == {"auditor"}
    assert "登录" in page.locator('td[data-label="行为"]').first.inner_text()
    answer = page.goto("/admin/")
    assert answer is not None
    assert answer.status == 403
