"""A visitor of the page: what people do with it, and what must never happen meanwhile."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, expect

from tests.page.serving import WEB, chromium

READY = 60_000
HEARD = 120_000


def launch(playwright: Playwright, fake_microphone: Path | None = None, *, share_everything: bool = False) -> Browser:
    """Headless Chromium; the microphone plays a wav file, and sharing a tab may go without asking."""
    arguments = [
        "--no-sandbox",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--use-fake-device-for-media-stream",
    ]
    if share_everything:
        arguments.append("--use-fake-ui-for-media-stream")
    if fake_microphone is not None:
        arguments.append(f"--use-file-for-fake-audio-capture={fake_microphone}")
    return playwright.chromium.launch(executable_path=chromium(), args=arguments, ignore_default_args=["--mute-audio"])


@dataclass
class Visitor:
    """One page in a context of its own; `check` fails if anything went wrong behind the scenes."""

    context: BrowserContext
    page: Page
    address: str
    troubles: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)

    @staticmethod
    def arrive(browser: Browser, address: str, **context_options: Any) -> Visitor:
        """Open a context with a blank page; `open` then goes to the address."""
        options: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}, "accept_downloads": True}
        context = browser.new_context(**(options | context_options))
        context.add_init_script(
            """addEventListener('securitypolicyviolation',
                 event => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`))"""
        )
        visitor = Visitor(context, context.new_page(), address)
        visitor.page.on("console", visitor._on_console)
        visitor.page.on("pageerror", lambda error: visitor.troubles.append(f"page error: {error}"))
        context.on("request", lambda request: visitor._on_request(request.url))
        return visitor

    def open(self, query: str = "", *, ready: bool = True) -> Visitor:
        """Go to the page and wait until its model is there."""
        self.page.goto(self.address + query)
        if ready:
            self.page.wait_for_selector("html[data-model=ready]", state="attached", timeout=READY)
        return self

    def __getitem__(self, element: str) -> Locator:
        return self.page.locator(f"#{element}")

    def choose(self, file: Path) -> None:
        """Choose a file with the file dialog."""
        self.page.set_input_files("#file", str(file))

    def drop(self, file: Path, name: str | None = None) -> None:
        """Drop a file on the page."""
        transfer = self.page.evaluate_handle(
            """([data, name]) => {
              const transfer = new DataTransfer();
              transfer.items.add(new File([Uint8Array.from(atob(data), c => c.charCodeAt(0))], name));
              return transfer;
            }""",
            [base64.b64encode(file.read_bytes()).decode(), name or file.name],
        )
        self.page.dispatch_event("body", "dragover", {"dataTransfer": transfer})
        expect(self["dropzone"]).to_be_visible()
        self.page.dispatch_event("body", "drop", {"dataTransfer": transfer})

    def wait_until_heard(self, timeout: int = HEARD) -> None:
        """Wait until a file was heard to its end."""
        self.page.wait_for_selector("html[data-heard=whole]", state="attached", timeout=timeout)

    def hear(self, file: Path, timeout: int = HEARD) -> dict[str, Any]:
        """Choose a file, wait for its end, and save its curve as JSON."""
        self.page.evaluate("() => { delete document.documentElement.dataset.heard; }")
        self.choose(file)
        self.wait_until_heard(timeout)
        return self.save_json()

    def save(self, button: str) -> tuple[str, bytes]:
        """Click a button that saves; the file's name and contents."""
        with self.page.expect_download() as download:
            self[button].click()
        return download.value.suggested_filename, Path(download.value.path()).read_bytes()

    def save_json(self) -> dict[str, Any]:
        """The curve as the page saves it."""
        answer: dict[str, Any] = json.loads(self.save("save-json")[1])
        return answer

    def violations(self) -> list[str]:
        """What axe-core finds that is serious or critical, once no colour is on its way to another."""
        self.page.evaluate(
            """() => Promise.all(document.getAnimations()
              .filter((one) => Number.isFinite(one.effect.getComputedTiming().endTime))
              .map((one) => one.finished.catch(() => {})))"""
        )
        self.page.evaluate((WEB / "node_modules" / "axe-core" / "axe.min.js").read_text() + "; undefined")
        found = self.page.evaluate(
            "async tags => (await axe.run(document, { runOnly: tags })).violations",
            ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
        )
        return [
            f"{item['id']}: {item['help']} ({node['target']})"
            for item in found
            if item["impact"] in ("serious", "critical")
            for node in item["nodes"]
        ]

    def wait_a_moment(self) -> None:
        """Let the page draw what it was just told."""
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def seconds_at_slider(self) -> float:
        """Where the playhead is, as a screen reader is told."""
        return float(self["slider"].get_attribute("aria-valuenow") or "nan")

    def playhead_x(self) -> float:
        """Where the playhead is drawn."""
        style = self["playhead"].get_attribute("style") or ""
        found = re.search(r"translateX\(([\d.]+)px\)", style)
        return float(found[1]) if found else float("nan")

    def check(self) -> None:
        """No console error, no CSP violation, no request to another host."""
        home = urlsplit(self.address).netloc
        outside = [
            url
            for url in self.requested
            if urlsplit(url).scheme in ("http", "https", "ws", "wss") and urlsplit(url).netloc != home
        ]
        assert not outside, f"requests to other hosts: {outside}"
        assert not self.troubles, self.troubles

    def _on_console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"{message.type}: {message.text}")

    def _on_request(self, url: str) -> None:
        self.requested.append(url)
