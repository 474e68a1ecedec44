import os
from pathlib import Path

import pytest

from tests import chromium


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine of an ordinary user, without a browser."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    return tmp_path


def browser(path: Path, code: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {code}\n")
    path.chmod(0o755)
    return path


def test_without_a_browser_it_fails_and_says_how_to_get_one(nothing_installed: Path) -> None:
    with pytest.raises(SystemExit, match="No Chromium found") as failure:
        chromium.chromium.__wrapped__()

    assert failure.value.code == chromium.HOW


def test_a_browser_that_does_not_start_is_passed_over(nothing_installed: Path) -> None:
    browser(nothing_installed / "chromium", 1)
    working = browser(nothing_installed / "google-chrome", 0)

    assert chromium.chromium.__wrapped__() == str(working)


def test_a_browser_that_playwright_installed_is_found(nothing_installed: Path) -> None:
    cached = browser(nothing_installed / ".cache/ms-playwright/chromium-1200/chrome-linux/chrome", 0)

    assert chromium.chromium.__wrapped__() == str(cached)


def test_root_installs_one_where_packages_can_be_had(
    nothing_installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    installer = browser(nothing_installed / "apt-get", 0)
    installer.write_text(
        f"#!/bin/sh\nif [ $1 = install ]; then printf '#!/bin/sh\\n' > {nothing_installed}/chromium;"
        f" /bin/chmod 755 {nothing_installed}/chromium; fi\n"
    )

    assert chromium.chromium.__wrapped__() == str(nothing_installed / "chromium")
