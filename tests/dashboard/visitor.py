"""Someone who opens the dashboard in a browser and uses it as people do."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

# Of a machine that does much else at once; how fast the page is has tests of its own.
PATIENCE_MS = 180_000


class Visitor:
    """A page of the dashboard, and what went wrong on it: outside requests, console errors, failed requests."""

    def __init__(self, browser: Any, url: str, query: str = "", **options: Any) -> None:
        self.trouble: list[str] = []
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True, **options)
        self.context.set_default_timeout(PATIENCE_MS)
        self.page = self.context.new_page()
        host = url.split("//")[1]
        self.page.on("request", lambda request: self._requested(request.url, host))
        self.page.on("websocket", lambda socket: self._requested(socket.url, host))
        self.page.on("console", self._logged)
        self.page.on("pageerror", lambda error: self.trouble.append(f"script: {error}"))
        self.page.on("response", self._answered)
        self.page.goto(url + query, wait_until="commit")
        self.page.wait_for_selector(".genre-app")

    def _requested(self, url: str, host: str) -> None:
        if not url.startswith(("data:", "blob:")) and url.split("//")[1].split("/")[0] != host.rstrip("/"):
            self.trouble.append(f"outside: {url[:100]}")

    def _logged(self, message: Any) -> None:
        if message.type == "error":
            self.trouble.append(f"console: {message.text[:200]}")

    def _answered(self, response: Any) -> None:
        if response.status >= 400:
            self.trouble.append(f"{response.status}: {response.url}")

    def leave(self) -> None:
        # A page that is left, rather than closed by force, ends its kernel.
        self.page.goto("about:blank")
        self.context.close()

    def upload(self, path: Path) -> None:
        self.page.locator(".genre-upload input").first.set_input_files(path)

    def choose_song(self, label: str) -> None:
        self.page.locator(".genre-choices select").first.select_option(label)

    def compare_with(self, label: str) -> None:
        self.page.locator(".genre-choices select").nth(1).select_option(label)

    def choose_model(self, label: str) -> None:
        self.page.locator(".genre-models select").select_option(label)

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()

    def batch(self, folder: str) -> None:
        self.tab("Batch")
        start = self.page.get_by_role("button", name="Listen to all of it")
        start.wait_for()
        self.page.get_by_label("Folder", exact=True).select_option(folder)
        start.click()

    def hears(self, title: str) -> None:
        """Wait until that song is on the page."""
        self.page.locator("h1", has_text=title).wait_for()
        # The tabs behind have words of their own while they draw.
        self.page.locator(".genre-busy:visible").wait_for(state="detached")

    def told(self) -> str:
        """Wait for the sentence that says what went wrong, and read it."""
        return str(self.page.locator(".genre-tab .genre-trouble").first.inner_text())

    def sound(self) -> float:
        """Wait until the sound is there; its length in seconds."""
        self.until("audio => audio && audio.readyState >= 1")
        return float(self.audio("audio => audio.duration"))

    def audio(self, script: str) -> Any:
        """Evaluate a function of the player's audio element."""
        element = "[...document.querySelectorAll('*')].map(e => e.shadowRoot?.querySelector('audio')).find(Boolean)"
        return self.page.evaluate(f"({script})({element})")

    def until(self, script: str) -> None:
        """Wait until a function of the audio element is true."""
        stop = time.monotonic() + PATIENCE_MS / 1000
        while not self.audio(script):
            assert time.monotonic() < stop, f"did not come true: {script}"
            self.page.wait_for_timeout(50)

    def position(self) -> float:
        """Where the playhead stands, in seconds."""
        return float(self.page.locator("#chart").get_attribute("aria-valuenow"))

    def download(self, button: str) -> str:
        """The text of what a button downloads."""
        with self.page.expect_download() as found:
            self.page.get_by_role("button", name=button).first.click()
        return Path(found.value.path()).read_text(encoding="utf-8")

    def curve(self) -> dict[str, Any]:
        """The curve as the page gives it away."""
        values: dict[str, Any] = json.loads(self.download("JSON"))
        return values
