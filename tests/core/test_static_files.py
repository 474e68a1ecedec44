"""What the browser is given: nothing inline, nothing from elsewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted((ROOT / "static").rglob("*.css"))
SCRIPTS = sorted((ROOT / "static").rglob("*.js"))
INLINE = re.compile(
    r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\ssrc=)|javascript:|\shx-on|\shx-vals=.js:", re.I
)


def name(path):
    return str(path.relative_to(ROOT))


def test_inline_pattern_finds_what_it_is_for():
    assert INLINE.search('<p style="x">')
    assert INLINE.search('<a onclick="x">')
    assert INLINE.search("<script>x</script>")
    assert not INLINE.search('<script src="/x.js" defer></script>')


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_template_has_nothing_inline(path):
    assert INLINE.findall(path.read_text()) == []


@pytest.mark.parametrize("path", [*TEMPLATES, *STYLES], ids=name)
def test_page_asks_no_other_host(path):
    urls = re.findall(r"(?:href|src|url|@import)[=(\s]+[\"']?((?:https?:)?//[^\"')\s]+)", path.read_text())
    assert urls == []


@pytest.mark.parametrize("path", [*STYLES, *SCRIPTS], ids=name)
def test_file_names_no_source_map(path):
    assert "sourceMappingURL" not in path.read_text()


@pytest.mark.parametrize("folder", sorted((ROOT / "static/vendor").iterdir()), ids=name)
def test_vendored_package_keeps_its_licence_and_version(folder):
    assert re.fullmatch(r"[a-z-]+-\d+\.\d+\.\d+", folder.name)
    assert (folder / "LICENSE").read_text().strip()
