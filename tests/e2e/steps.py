"""What journeys do again and again, in the words of the person who does it."""

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Running

PATIENCE = 30_000  # milliseconds for what a worker does
DETAIL = r"/experts/[0-9a-f-]{36}/$"


def sign_in(page: Page, product: Running, username: str, password: str = "") -> None:
    page.goto("/accounts/login/")
    page.fill("input[name=login]", username)
    page.fill("input[name=password]", password or product.password)
    page.get_by_role("button", name="登录").click()


def pick(page: Page, label: str, typed: str, choice: str = "", *, within: str = "main") -> None:
    """Choose from a list that is searched by typing."""
    wrapper = page.locator(f"{within} .ts-wrapper").filter(has=page.get_by_label(label, exact=True))
    wrapper.click()
    wrapper.locator("input").fill(typed)
    page.locator(".ts-dropdown:visible .option").filter(has_text=choice or typed).first.click()
    # The list takes the focus once more after the click, and whatever is typed meanwhile.
    page.evaluate(
        "new Promise((done) => setTimeout(() => (document.activeElement.blur(), setTimeout(done)), 50))"
    )


def enter_expert(page: Page, name: str, **typed: str) -> str:
    """Enter an expert of the user's own unit; returns the address of the record."""
    page.goto("/experts/new/")
    page.get_by_label("姓名", exact=True).fill(name)
    page.get_by_label("类别", exact=True).select_option(label="创业人才")
    for label, text in typed.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name="保存").click()
    expect(toast(page)).to_contain_text(f"已新增专家“{name}”")
    return page.url


def add_award(page: Page, record: str, honour: str, **typed: str) -> None:
    page.goto(f"{record}awards/new/")
    pick(page, "称号", honour)
    for label, text in typed.items():
        if label == "级别":
            page.get_by_label(label, exact=True).select_option(label=text)
        else:
            page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name="保存").click()
    expect(toast(page)).to_contain_text("已登记称号")


def toast(page: Page) -> Locator:
    return page.locator("#toasts [data-toast]").last


def confirm(page: Page) -> None:
    """Answer the page's own question with yes."""
    page.locator("#confirm").get_by_role("button", name="确定").click()


def is_wider_than_the_screen(page: Page) -> bool:
    page.wait_for_load_state()
    return bool(page.locator("html").evaluate("page => page.scrollWidth > page.clientWidth"))


def figures(page: Page) -> dict[str, str]:
    """The tiles of a page: what is counted and how many."""
    labels = page.locator(".stat .stat-label").all_inner_texts()
    numbers = page.locator(".stat .num").all_inner_texts()
    return dict(zip(labels, [text.strip() for text in numbers], strict=True))
