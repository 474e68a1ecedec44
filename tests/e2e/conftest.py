"""The running product and a browser, for journeys."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from liaison.demo import PASSWORD
from tests import chromium
from tests.product import Product, data_folder, remove, wait_until_gone

DESKTOP = {"width": 1440, "height": 900}
PATIENCE = 20_000  # milliseconds; two products and two browsers share the machine
expect.set_options(timeout=PATIENCE)
LINES_AT_ONCE = 100  # so that the roster of a journey is a large proposal
PHONE = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Running:
    """The product with its demo data: its address without the last slash, and the demo accounts' password."""

    url: str
    password: str
    data: Path


@pytest.fixture(scope="session")
def product() -> Iterator[Running]:
    """The whole product, started as `make run` starts it, in a data folder of its own."""
    started = Product(data_folder(), variables={"PROPOSAL_LINES_AT_ONCE": str(LINES_AT_ONCE)})
    url = started.start()
    yield Running(url.rstrip("/"), PASSWORD, started.data)
    started.stop()
    left = wait_until_gone(started.data, 30)
    remove(started.data)
    assert left == []


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.chromium(), args=chromium.ARGUMENTS, headless=True
        )
        yield browser
        browser.close()


@pytest.fixture
def allowed_errors() -> list[str]:
    """Parts of console messages that a journey brings about on purpose, such as `status of 409`."""
    return []


def opened(
    browser: Browser, url: str, viewport: dict[str, int], allowed: list[str]
) -> Iterator[BrowserContext]:
    """A browser session; an error on the console of any of its pages fails the test."""
    context = browser.new_context(
        base_url=url, viewport=viewport, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    context.set_default_timeout(PATIENCE)
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"{message.text} ({message.location.get('url', '')})")

    context.on("console", note)
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    context.close()
    assert [error for error in errors if not any(part in error for part in allowed)] == []


@pytest.fixture
def context(browser: Browser, product: Running, allowed_errors: list[str]) -> Iterator[BrowserContext]:
    yield from opened(browser, product.url, DESKTOP, allowed_errors)


@pytest.fixture
def phone_context(browser: Browser, product: Running, allowed_errors: list[str]) -> Iterator[BrowserContext]:
    yield from opened(browser, product.url, PHONE, allowed_errors)


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def phone_page(phone_context: BrowserContext) -> Page:
    return phone_context.new_page()


@pytest.fixture
def colleague_page(browser: Browser, product: Running, allowed_errors: list[str]) -> Iterator[Page]:
    """A page of a second person, with a session of their own."""
    for context in opened(browser, product.url, DESKTOP, allowed_errors):
        yield context.new_page()
