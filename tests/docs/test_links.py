"""Links lead somewhere, and the built site asks no other host for anything."""

import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "docs" / "site" / "html"
FRONT = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "data" / "README.md"]


@pytest.mark.parametrize("page", FRONT, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_pages_outside_the_site(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    assert targets or page.parent != ROOT
    assert [target for target in targets if "://" not in target and not (page.parent / target).exists()] == []


@lru_cache(maxsize=1)
def pages() -> dict[Path, BeautifulSoup]:
    if not (SITE / "index.html").exists():
        pytest.skip("needs the documentation: make docs")
    # What notebooks and code show is copied, not written here.
    return {path: BeautifulSoup(path.read_text(), "html.parser") for path in sorted(SITE.rglob("*.html"))}


def places(page: Path, address: str) -> tuple[Path, str]:
    parts = urlsplit(address)
    path = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    return path, parts.fragment


@pytest.mark.slow
def test_every_link_inside_the_site_leads_to_a_place_that_is_there() -> None:
    found, names = pages(), {}
    broken = []
    for page, soup in found.items():
        for link in soup.find_all("a", href=True):
            if urlsplit(link["href"]).scheme:
                continue
            path, fragment = places(page, link["href"])
            if path in found and fragment:
                ids = names.setdefault(path, {tag["id"] for tag in found[path].find_all(id=True)})
                if unquote(fragment) in ids or not fragment:
                    continue
                broken.append((page.relative_to(SITE), link["href"]))
            elif not path.exists():
                broken.append((page.relative_to(SITE), link["href"]))
    assert len(found) > 100
    assert broken == []


@pytest.mark.slow
def test_no_page_asks_another_host() -> None:
    asked = []
    for page, soup in pages().items():
        for tag, attribute in (
            ("script", "src"),
            ("link", "href"),
            ("img", "src"),
            ("iframe", "src"),
            ("source", "src"),
        ):
            for one in soup.find_all(tag, attrs={attribute: True}):
                if urlsplit(one[attribute]).scheme in ("http", "https") or one[attribute].startswith("//"):
                    asked.append((page.relative_to(SITE), one[attribute]))
    styles = [
        path for path in SITE.rglob("*.css") if re.search(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", path.read_text())
    ]
    assert asked == []
    assert styles == []


@pytest.mark.slow
def test_every_image_has_words() -> None:
    silent = [
        (page.relative_to(SITE), image["src"][:60])
        for page, soup in pages().items()
        for image in soup.find_all("img")
        if not image.get("alt") and "sidebar-logo" not in image.get("class", [])
    ]
    assert silent == []
