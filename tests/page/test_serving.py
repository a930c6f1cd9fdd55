"""How the page is served: headers, size, sub-paths, without a network, and by the local server."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from genre_lib.errors import GenreLibError
from genre_lib.serving import page_server
from tests.page import serving
from tests.page.visitor import Visitor

BUDGET = 1_100_000


@pytest.fixture(scope="module")
def local(site: serving.Site) -> Iterator[str]:
    """The same page, served by `genre web`."""
    server = page_server.make_server(site.root, port=0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def get(address: str, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
    """One answer as it comes over the wire."""
    connection = HTTPConnection(urlsplit(address).netloc, timeout=10)
    connection.request(
        "GET", path, headers={"Accept-Encoding": "gzip"} | {k.replace("_", "-"): v for k, v in headers.items()}
    )
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def kinds(root: Path) -> list[str]:
    """One path of each kind that the page is made of."""
    names = ["/", "/sw.js", "/icon.svg", "/manifest.webmanifest", "/nothing-here"]
    for pattern in ("*.js", "*.css", "*.woff2", "*simd*.wasm", "model-*/card.json", "model-*/mel.bin"):
        names.append("/" + str(next((root / "assets").glob(pattern)).relative_to(root)))
    return names


def test_the_local_server_sends_what_nginx_sends(site: serving.Site, local: str) -> None:
    compared = ["content-encoding", "cache-control", *map(str.lower, page_server.page_headers())]
    for path in kinds(site.root):
        (theirs, _), (ours, _) = get(site.address, path), get(local, path)
        assert ours.status == theirs.status, path
        for name in compared if theirs.status == 200 else compared[2:]:
            assert ours.getheader(name) == theirs.getheader(name), (path, name)
        if theirs.status == 200:
            types = [
                (r.getheader("content-type") or "").split(";")[0].replace("application/javascript", "text/javascript")
                for r in (ours, theirs)
            ]
            assert types[0] == types[1], path


def test_the_policy_is_strict_and_isolation_is_left_out(site: serving.Site) -> None:
    response, _ = get(site.address, "/")
    policy = response.getheader("content-security-policy") or ""
    assert policy.startswith("default-src 'none'")
    assert "unsafe-inline" not in policy
    assert "'unsafe-eval'" not in policy
    assert response.getheader("cross-origin-opener-policy") is None
    assert response.getheader("cross-origin-embedder-policy") is None


def test_assets_are_immutable_and_the_page_is_revalidated(site: serving.Site) -> None:
    for path in kinds(site.root):
        cache = get(site.address, path)[0].getheader("cache-control") or ""
        assert ("immutable" in cache) == path.startswith("/assets/"), path


def test_the_local_server_answers_ranges_revalidation_and_nothing_outside(site: serving.Site, local: str) -> None:
    (site.root / "some.mp3").write_bytes(bytes(range(200)))
    response, body = get(local, "/some.mp3", Range="bytes=10-19")
    assert (response.status, body) == (206, bytes(range(10, 20)))
    assert response.getheader("content-range") == "bytes 10-19/200"
    assert get(local, "/some.mp3", Range="bytes=500-")[0].status == 416
    tag = get(local, "/")[0].getheader("etag") or ""
    assert get(local, "/", If_None_Match=tag)[0].status == 304
    (site.root.parent / "secret.txt").write_text("secret")
    for path in ("/../secret.txt", "/%2e%2e/secret.txt", "//secret.txt", "/%00", "/" + 300 * "x"):
        assert get(local, path)[0].status == 404


def test_a_page_that_was_not_built_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(GenreLibError, match="make web"):
        page_server.make_server(tmp_path, port=0)


def test_the_page_works_from_the_local_server(browser: Browser, local: str, sounds: Path) -> None:
    visitor = Visitor.arrive(browser, local).open()
    assert visitor.hear(sounds / "song.mp3")["times"]
    visitor.check()
    visitor.context.close()


def test_the_first_visit_costs_at_most_1100_kilobytes(arrive: Callable[..., Visitor], site: serving.Site) -> None:
    before = site.bytes_sent()
    visitor = arrive().open()
    # The service worker stores what was just loaded; that must come from the browser's own cache.
    visitor.page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    visitor.page.wait_for_timeout(500)
    after = site.bytes_sent()
    cost = {path: size - before.get(path, 0) for path, size in after.items() if size > before.get(path, 0)}
    assert sum(cost.values()) <= BUDGET, cost
    assert not any("golden.json" in path for path in cost)


def test_the_page_works_from_a_sub_path(arrive: Callable[..., Visitor], sounds: Path) -> None:
    visitor = arrive("some/path/").open()
    assert visitor.hear(sounds / "song.mp3")["times"]
    inside = [url for url in visitor.requested if url.startswith("http")]
    assert all(urlsplit(url).path.startswith("/some/path/") for url in inside), inside


def test_the_page_works_without_a_network_after_the_first_visit(arrive: Callable[..., Visitor], sounds: Path) -> None:
    visitor = arrive().open()
    visitor.page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    visitor.context.set_offline(True)
    visitor.open()
    assert visitor.hear(sounds / "song.mp3")["times"]


def test_an_example_is_there_without_a_network_on_a_later_visit(
    arrive: Callable[..., Visitor], site: serving.Site
) -> None:
    if not (site.root / "demo" / "songs.json").is_file():
        pytest.skip("the examples were not made (python web/scripts/make-demo-songs.py)")
    visitor = arrive().open()
    visitor.page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    visitor.open()
    first = json.loads((site.root / "demo" / "songs.json").read_text())[0]
    visitor.page.wait_for_function("async file => Boolean(await caches.match(file))", arg=f"demo/{first['file']}")
    visitor.context.set_offline(True)
    visitor.open()
    visitor["example"].click()
    visitor.wait_until_heard()
    expect(visitor["title"]).to_have_text(first["title"])


def test_without_a_network_an_example_that_was_heard_before_comes_in_place_of_others(
    arrive: Callable[..., Visitor], site: serving.Site
) -> None:
    if not (site.root / "demo" / "songs.json").is_file():
        pytest.skip("the examples were not made (python web/scripts/make-demo-songs.py)")
    first = json.loads((site.root / "demo" / "songs.json").read_text())[0]
    visitor = arrive().open()
    visitor.page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    visitor.open()
    visitor["example"].click()
    visitor.wait_until_heard()
    visitor.page.wait_for_function("async file => Boolean(await caches.match(file))", arg=f"demo/{first['file']}")
    visitor.context.set_offline(True)
    for _ in range(2):
        visitor.page.evaluate("() => { delete document.documentElement.dataset.heard; }")
        visitor["example"].click()
        visitor.wait_until_heard()
        expect(visitor["title"]).to_have_text(first["title"])
        expect(visitor["error"]).to_be_hidden()
    visitor.troubles.clear()


def test_an_example_that_comes_late_does_not_take_the_place_of_what_was_chosen_since(
    visitor: Visitor, site: serving.Site, sounds: Path
) -> None:
    if not (site.root / "demo" / "songs.json").is_file():
        pytest.skip("the examples were not made (python web/scripts/make-demo-songs.py)")
    visitor.page.evaluate(
        """() => {
             const fetch = window.fetch;
             window.fetch = async (...wanted) => {
               await new Promise(done => setTimeout(done, 1500));
               try { return await fetch(...wanted); } finally { window.late = true; }
             };
           }"""
    )
    visitor["example"].click()
    visitor.hear(sounds / "song.wav")
    visitor.page.wait_for_function("() => window.late")
    visitor.page.wait_for_timeout(500)
    expect(visitor["title"]).to_have_text("song")
    expect(visitor["play"]).to_have_attribute("aria-label", "Play")


def test_one_press_plays_an_example_with_sound_and_says_whose_it_is(
    visitor: Visitor, site: serving.Site, sounds: Path
) -> None:
    if not (site.root / "demo" / "songs.json").is_file():
        pytest.skip("the examples were not made (python web/scripts/make-demo-songs.py)")
    first, *others = json.loads((site.root / "demo" / "songs.json").read_text())
    visitor["example"].click()
    expect(visitor["play"]).to_have_attribute("aria-label", "Pause")
    visitor.wait_until_heard()
    expect(visitor["title"]).to_have_text(first["title"])
    expect(visitor["credit"]).to_have_text(first["credit"])
    assert visitor.save_json()["state"] in ("music", "probable")
    assert not visitor.page.evaluate("document.querySelector('#audio').muted")
    visitor.choose(sounds / "text.mp3")
    expect(visitor["error"]).to_be_visible()
    expect(visitor["credit"]).to_have_text(first["credit"])
    expect(visitor["play"]).to_have_attribute("aria-label", "Pause")
    if others:
        visitor["example"].click()
        expect(visitor["title"]).to_have_text(others[0]["title"], timeout=20_000)
    visitor.hear(sounds / "song.mp3")
    expect(visitor["credit"]).to_be_hidden()


def test_a_song_that_another_program_shares_is_heard(visitor: Visitor, sounds: Path) -> None:
    visitor.page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    visitor.open()
    visitor.page.evaluate(
        """async data => {
          const body = new FormData();
          body.append('song', new File([Uint8Array.from(atob(data), c => c.charCodeAt(0))], 'shared.mp3'));
          await fetch('./', { method: 'POST', body, redirect: 'manual' });
        }""",
        base64.b64encode((sounds / "song.mp3").read_bytes()).decode(),
    )
    visitor.open("?shared")
    visitor.wait_until_heard()
    expect(visitor["title"]).to_have_text("shared")
