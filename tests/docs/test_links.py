"""Links lead somewhere, and the built site asks no other host for anything."""

import re
from functools import lru_cache
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "docs" / "site" / "html"
FRONT = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "data" / "README.md"]


@pytest.mark.parametrize("page", FRONT, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_pages_outside_the_site(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    assert targets or page.parent != ROOT
    assert [target for target in targets if "://" not in target and not (page.parent / target).exists()] == []


@lru_cache(maxsize=1)
def pages() -> dict[Path, str]:
    if not (SITE / "index.html").exists():
        pytest.skip("needs the documentation: make docs")
    return {path: path.read_text() for path in sorted(SITE.rglob("*.html"))}


def attributes(text: str, tag: str, attribute: str) -> list[str]:
    """Values of an attribute; a pattern is enough for what Sphinx writes, where parsing it would take minutes."""
    return [unescape(value) for value in re.findall(rf'<{tag}\b[^>]*?\s{attribute}="([^"]*)"', text)]


def places(page: Path, address: str) -> tuple[Path, str]:
    parts = urlsplit(address)
    path = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    return path, unquote(parts.fragment)


@pytest.mark.slow
def test_every_link_inside_the_site_leads_to_a_place_that_is_there() -> None:
    found = pages()
    ids = {page: set(re.findall(r'\sid="([^"]*)"', text)) for page, text in found.items()}
    broken = set()
    for page, text in found.items():
        for address in set(attributes(text, "a", "href")):
            if urlsplit(address).scheme:
                continue
            path, fragment = places(page, address)
            there = fragment in ids[path] if path in found and fragment else path.exists()
            if not there:
                broken.add((str(page.relative_to(SITE)), address))
    assert len(found) > 100
    assert sorted(broken) == []


@pytest.mark.slow
def test_no_page_asks_another_host() -> None:
    loaded = (("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("link", "href"))
    asked = {
        address
        for text in pages().values()
        for tag, attribute in loaded
        for address in attributes(text, tag, attribute)
        if urlsplit(address).scheme in ("http", "https") or address.startswith("//")
    }
    outside = re.compile(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//")
    styles = [path for path in SITE.rglob("*.css") if outside.search(path.read_text())]
    assert asked == set()
    assert styles == []


@pytest.mark.slow
def test_every_image_has_words() -> None:
    images = [image for text in pages().values() for image in re.findall(r"<img\b[^>]*>", text)]
    assert len(images) > 20
    assert [image[:120] for image in images if not re.search(r'\salt="[^"]+"', image)] == []
