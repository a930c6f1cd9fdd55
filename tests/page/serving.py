"""Builds the page and serves it with nginx, as production does."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

from genre_lib.bundle.resources import PRETRAINED

REPOSITORY = Path(__file__).resolve().parents[2]
WEB = REPOSITORY / "web"


def bundle_folder() -> Path:
    """The bundle that is built into the page; GENRE_BUNDLE names another one."""
    return Path(os.environ.get("GENRE_BUNDLE") or REPOSITORY / "data" / "models" / PRETRAINED)


def missing() -> str | None:
    """What this machine lacks to build, serve and visit the page, in words."""
    if not (bundle_folder() / "card.json").is_file():
        return f"needs a model bundle at {bundle_folder()}"
    if not (WEB / "node_modules" / "vite").is_dir():
        return "needs web/node_modules (make setup, or npm ci in web/)"
    for program in ("npm", "nginx", "ffmpeg"):
        if shutil.which(program) is None:
            return f"needs {program}"
    return None if chromium() else "needs chromium"


def chromium() -> str | None:
    """Path of a Chromium or Chrome, if there is one."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def build(folder: Path) -> None:
    """Build the page into a folder."""
    done = subprocess.run(
        ["npm", "exec", "--", "vite", "build", "--outDir", str(folder), "--emptyOutDir", "--logLevel", "warn"],
        cwd=WEB,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"the page does not build:\n{done.stdout}\n{done.stderr}"


@dataclass(frozen=True)
class Site:
    """A running nginx.

    Attributes
    ----------
    address : str
        With a slash at its end.
    root : Path
        What is served.
    log : Path
        A line for each answer: status, bytes sent over the wire (headers too), path.
    """

    address: str
    root: Path
    log: Path
    _command: list[str] = field(repr=False)
    _process: list[subprocess.Popen[bytes]] = field(default_factory=list, repr=False)

    @contextmanager
    def away(self) -> Iterator[None]:
        """While the network is gone."""
        self.stop()
        yield
        self.start()

    def start(self) -> None:
        self._process.append(subprocess.Popen(self._command, stderr=subprocess.PIPE))
        _wait_for(self.address, self._process[-1])

    def stop(self) -> None:
        for process in self._process:
            process.terminate()
            process.wait(10)
        self._process.clear()

    def bytes_sent(self) -> dict[str, int]:
        """Bytes over the wire by path, of all answers so far."""
        sent: dict[str, int] = {}
        for line in self.log.read_text().splitlines():
            _, size, path = line.split(" ", 2)
            sent[path] = sent.get(path, 0) + int(size)
        return sent


@contextmanager
def nginx(root: Path, scratch: Path) -> Iterator[Site]:
    """Serve a folder with the shipped server block, on a free port."""
    port = _free_port()
    log = scratch / "access.log"
    values = {
        "PAGE_PORT": f"127.0.0.1:{port}",
        "PAGE_ROOT": str(root),
        "PAGE_HEADERS": str(WEB / "nginx" / "headers.conf"),
    }
    server = (WEB / "nginx" / "page.conf.template").read_text()
    for name, value in values.items():
        server = server.replace("${" + name + "}", value)
    scratch_paths = "".join(
        f"{kind}_temp_path {scratch}/{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    (scratch / "nginx.conf").write_text(
        f"daemon off; {user} pid {scratch}/nginx.pid; worker_processes 1; events {{}}\n"
        f"http {{ include {_mime_types()}; {scratch_paths}\n"
        f"log_format wire '$status $bytes_sent $uri'; access_log {log} wire;\n{server}\n}}\n"
    )
    command = ["nginx", "-e", str(scratch / "error.log"), "-c", str(scratch / "nginx.conf")]
    site = Site(f"http://127.0.0.1:{port}/", root, log, command)
    try:
        site.start()
        yield site
    finally:
        site.stop()


def _mime_types() -> Path:
    found = [Path(p) for p in ("/etc/nginx/mime.types", "/usr/local/etc/nginx/mime.types") if Path(p).is_file()]
    assert found, "nginx's mime.types was not found"
    return found[0]


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        if process.poll() is not None:
            assert process.stderr is not None
            raise AssertionError(f"nginx does not start: {process.stderr.read().decode()}")
        try:
            urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("nginx does not answer")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
