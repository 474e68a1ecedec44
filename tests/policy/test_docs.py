"""The documents agree with the code: variables, the demo's accounts, links and the words of the glossary."""

import re
from pathlib import Path

import pytest

from liaison import demo, embedded, service_urls
from liaison.demo.accounts import ACCOUNTS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
# architecture.md is the design of the whole system and names files of later parts too.
DESCRIBING = [document for document in DOCUMENTS if document.name != "architecture.md"]
APPS = ("accounts", "activities", "audit", "core", "exchange", "experts", "liaison", "reminders", "reports")

READ_BY_SETTINGS = re.compile(r"(?:env\.\w+|required)\(\s*\"([A-Z][A-Z_]+)\"")
READ_ELSEWHERE = re.compile(r"environ(?:\.get|\.setdefault|\.pop)?[(\[]\s*\"([A-Z][A-Z_]+)\"")
LINK = re.compile(r"\]\(([^)\s]+)\)")
FIRST_CELL = re.compile(r"^\| `(\w+)`[^|]*\|", re.MULTILINE)
PATH = re.compile(r"[\w.-][\w./-]*/[\w-]+\.\w+")
# Of other programs, not ours.
FOREIGN = {"DJANGO_SETTINGS_MODULE", "PATH"}


def text(*folders: str) -> str:
    """All Python of the folders in one string."""
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def documented() -> set[str]:
    """The variables that have a row of their own."""
    return set(FIRST_CELL.findall((ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")))


def code(line: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", line)


def read_by_settings() -> set[str]:
    source = (ROOT / "liaison" / "settings.py").read_text(encoding="utf-8")
    return set(READ_BY_SETTINGS.findall(source)) | {*service_urls.REQUIRED, *embedded.GENERATED}


def test_every_variable_that_settings_read_is_documented() -> None:
    read = read_by_settings()

    assert {"SECRET_KEY", "DATABASE_URL", "LOG_LEVEL", "SECURE_HSTS_SECONDS"} <= read
    assert sorted(read - documented()) == []


def test_every_variable_that_other_code_reads_is_documented() -> None:
    read = set(READ_ELSEWHERE.findall(text("liaison", "tests", "scripts"))) - FOREIGN
    read |= {way.name for way in (*service_urls.WAYS, service_urls.ADMIN)}

    assert {"LIAISON_PORT", "LIAISON_TEST_DATA", "CHROMIUM"} <= read
    assert sorted(read - documented()) == []


def test_every_documented_variable_is_read() -> None:
    sources = text("liaison", "tests")

    assert sorted(name for name in documented() if f'"{name}"' not in sources) == []


def test_readme_gives_the_demo_password() -> None:
    assert f"Demo password: `{demo.PASSWORD}`" in README.splitlines()


def test_readme_names_demo_accounts_that_exist() -> None:
    section = README.split("## Demo accounts")[1].split("\n## ")[0]
    named = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", section, re.MULTILINE))
    real = {account.username: account.display_name for account in ACCOUNTS}

    assert len(named) == 12
    assert {name: real.get(name) for name in named} == named


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files(document: Path) -> None:
    targets = LINK.findall(document.read_text(encoding="utf-8"))
    local = [target.split("#")[0] for target in targets if not target.startswith(("#", "http", "mailto:"))]

    assert [target for target in local if not (document.parent / target).exists()] == []


def test_readme_shows_pictures_that_load_quickly() -> None:
    pictures = [ROOT / target for target in LINK.findall(README) if target.endswith(".png")]

    assert len(pictures) >= 6
    assert [picture.name for picture in pictures if picture.stat().st_size >= 150_000] == []


def test_glossary_names_only_what_the_code_has() -> None:
    known = set(re.findall(r"\w+", text(*APPS)))
    rows = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    named = [name for row in rows if row.startswith("| ") for name in code(row.split("|")[2])]

    assert len(named) > 80
    assert [name for name in named if not known.issuperset(name.split("."))] == []


@pytest.mark.parametrize("document", DESCRIBING, ids=lambda path: str(path.relative_to(ROOT)))
def test_documents_name_files_that_exist(document: Path) -> None:
    """`folder/file.py` and the like, seen from the root or beside the document."""
    named = [name for name in code(document.read_text(encoding="utf-8")) if PATH.fullmatch(name)]
    places = {name: [ROOT / name, document.parent / name] for name in named}

    assert [name for name in named if not any(place.exists() for place in places[name])] == []
