import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("fixture", ["page", "phone_page"])
def test_first_visit_leads_to_sign_in(product: Running, request: pytest.FixtureRequest, fixture: str) -> None:
    page: Page = request.getfixturevalue(fixture)

    response = page.goto("/")

    assert response is not None
    assert response.status == 200
    assert page.url == f"{product.url}/accounts/login/?next=/"
    expect(page.locator("input[name=login]")).to_be_visible()
    expect(page.locator("input[name=password]")).to_be_visible()
    wider_than_the_screen = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert page.evaluate(wider_than_the_screen) is False
