"""二（二）: an expert comes onto the roster by a proposal of one person and the approval of another."""

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running
from tests.e2e.steps import confirm, enter_expert, sign_in, toast

pytestmark = pytest.mark.e2e
AT_ONCE = 20
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def propose(page: Page, record: str, kind: str) -> str:
    """From the expert's page to a submitted proposal; returns its address."""
    page.goto(record)
    page.locator("summary").filter(has_text="更多").click()
    page.get_by_role("link", name=kind).click()
    page.get_by_role("button", name="起草").click()
    page.wait_for_url(re.compile(r"/proposals/[0-9a-f-]{36}/$"))
    page.get_by_label("符合基本条件", exact=True).check()
    page.get_by_role("button", name="保存本页").click()
    expect(toast(page)).to_contain_text("已保存 1 人")
    page.get_by_label("意见").fill("请审核")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(toast(page)).to_contain_text("已提交")
    return page.url


def review(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="审核通过").click()
    expect(toast(page)).to_contain_text("已审核")


def test_one_proposes_and_another_approves(product: Running, page: Page, colleague_page: Page) -> None:
    sign_in(page, product, "officer_haidian")
    record = enter_expert(page, "令狐提案", 工作单位="示范研究所")
    address = propose(page, record, "提出纳入名单")
    expect(page.locator("main")).to_contain_text("待审核")

    sign_in(colleague_page, product, "director_haidian")
    expect(colleague_page.locator("main")).to_contain_text("办理名单提案")
    review(colleague_page, address)
    colleague_page.get_by_role("button", name="批准", exact=True).click()
    confirm(colleague_page)
    expect(toast(colleague_page)).to_contain_text("已批准，名单已更新")
    page.goto("/proposals/?state=approved&box=mine")
    expect(page.locator("tbody")).to_contain_text("已批准")


def session(product: Running, page: Page) -> OpenerDirector:
    """An HTTP client with the browser's session."""
    opener = build_opener(HTTPCookieProcessor())
    cookies = page.context.cookies()
    opener.addheaders = [
        ("Cookie", "; ".join(f"{each['name']}={each['value']}" for each in cookies)),
        ("Referer", product.url + "/"),
    ]
    return opener


def status_of(opener: OpenerDirector, address: str, data: bytes) -> int:
    """The status of the answer to a POST, its redirect not followed."""
    try:
        with opener.open(Request(address, data), timeout=60) as response:
            return 302 if response.url != address else response.status
    except HTTPError as error:
        return error.code


def test_of_twenty_approvals_at_once_one_wins_and_the_others_are_told(
    product: Running, page: Page, colleague_page: Page
) -> None:
    sign_in(page, product, "officer_haidian")
    address = propose(page, enter_expert(page, "令狐同时", 工作单位="示范研究所"), "提出纳入名单")
    sign_in(colleague_page, product, "director_haidian")
    review(colleague_page, address)
    found = TOKEN.search(colleague_page.content())
    assert found
    data = urlencode({"csrfmiddlewaretoken": found[1], "step": "approve", "note": ""}).encode()
    openers = [session(product, colleague_page) for _ in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda opener: status_of(opener, f"{address}act/", data), openers))
    assert sorted(answers) == [302] + [409] * (AT_ONCE - 1)
    page.goto(address)
    expect(page.locator(".row-event").filter(has_text="批准")).to_have_count(1)
