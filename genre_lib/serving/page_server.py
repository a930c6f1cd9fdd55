"""Serves the built page on localhost as production does: the same headers, compressed answers, byte ranges.

The headers are read from the nginx configuration in ``web/nginx``, so that there is one list of them.
"""

from __future__ import annotations

import gzip
import re
from functools import lru_cache
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from genre_lib.bundle.resources import resource
from genre_lib.errors import GenreLibError

_TYPES = {
    ".bin": "application/octet-stream",
    ".css": "text/css",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mp3": "audio/mpeg",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_COMPRESSED = frozenset(_TYPES) - {".mp3", ".woff2"}
_SMALLEST_COMPRESSED = 512
_IMMUTABLE = "public, max-age=31536000, immutable"


class PageError(GenreLibError):
    """The page cannot be served."""


def page_headers(path: str | Path | None = None) -> dict[str, str]:
    """The headers that go with every answer, from nginx's ``add_header NAME "VALUE" always;`` lines.

    Raises
    ------
    PageError
        The file is missing or holds no header.
    """
    path = Path(path or resource("web", "nginx", "headers.conf"))
    if not path.is_file():
        raise PageError(f"{path} is missing: install genre-lib again, or work in a checkout of the repository.")
    headers = dict(re.findall(r'^add_header\s+([\w-]+)\s+"([^"]*)"\s+always;', path.read_text("utf-8"), re.MULTILINE))
    if not headers:
        raise PageError(f"{path} holds no add_header line: it is not the page's nginx configuration.")
    return headers


def make_server(folder: str | Path | None = None, *, host: str = "127.0.0.1", port: int = 8080) -> ThreadingHTTPServer:
    """A server for the built page, not yet running.

    Parameters
    ----------
    folder : str or Path, optional
        The built page; by default ``web/dist`` of this checkout.
    host : str
    port : int
        0 takes any free one; `server.server_port` tells which.

    Raises
    ------
    PageError
        The page was not built, or the port is taken or none.
    """
    if not 0 <= port <= 65_535:
        raise PageError(f"There is no port {port}: choose one from 0 to 65535.")
    page = Path(folder or resource("web", "dist")).resolve()
    if not (page / "index.html").is_file():
        raise PageError(f"There is no built page at {page}: build it with `make web`.")
    headers = page_headers()

    class Handler(_PageHandler):
        root = page
        common = headers

    try:
        return ThreadingHTTPServer((host, port), Handler)
    except OSError as error:
        raise PageError(f"Port {port} of {host} cannot be used ({error.strerror}): choose another one.") from error


def serve(folder: str | Path | None = None, *, host: str = "127.0.0.1", port: int = 8080) -> None:
    """Serve the built page until interrupted; see `make_server`."""
    with make_server(folder, host=host, port=port) as server:
        name = "localhost" if host == "127.0.0.1" else host
        print(f"The page is at http://{name}:{server.server_port}/ (Ctrl+C ends it)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


class _PageHandler(SimpleHTTPRequestHandler):
    root: Path
    common: dict[str, str]
    protocol_version = "HTTP/1.1"
    server_version = "genre-web"
    sys_version = ""

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: a line for every file of the page would bury the address."""

    def _answer(self, *, with_body: bool) -> None:
        file = self._file()
        if file is None:
            self._send(HTTPStatus.NOT_FOUND, b"Not found\n", {"Content-Type": "text/plain; charset=utf-8"}, with_body)
            return
        stat = file.stat()
        tag = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'
        immutable = "assets" in file.relative_to(self.root).parts[:-1]
        headers = {
            "Content-Type": _TYPES.get(file.suffix, "application/octet-stream"),
            "Cache-Control": _IMMUTABLE if immutable else "no-cache",
            "ETag": tag,
        }
        if self.headers.get("If-None-Match") == tag:
            self._send(HTTPStatus.NOT_MODIFIED, b"", headers, with_body)
            return
        if file.suffix in _COMPRESSED and stat.st_size >= _SMALLEST_COMPRESSED:
            headers["Vary"] = "Accept-Encoding"
            if "gzip" in self.headers.get("Accept-Encoding", ""):
                headers["Content-Encoding"] = "gzip"
                self._send(HTTPStatus.OK, _compressed(file, stat.st_mtime_ns), headers, with_body)
                return
        self._send_part(file.read_bytes(), headers, with_body)

    def _send_part(self, body: bytes, headers: dict[str, str], with_body: bool) -> None:
        """The whole body or, for players that seek, the bytes asked for."""
        headers["Accept-Ranges"] = "bytes"
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if asked is None:
            self._send(HTTPStatus.OK, body, headers, with_body)
            return
        first = int(asked[1])
        last = min(int(asked[2] or len(body) - 1), len(body) - 1)
        if first > last:
            headers["Content-Range"] = f"bytes */{len(body)}"
            self._send(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, b"", headers, with_body)
            return
        headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
        self._send(HTTPStatus.PARTIAL_CONTENT, body[first : last + 1], headers, with_body)

    def _file(self) -> Path | None:
        """The file that is asked for, or None where there is none inside the page's folder."""
        try:
            path = Path(self.translate_path(urlsplit(self.path).path)).relative_to(Path(self.directory))
            file = (self.root / path).resolve()
            if file.is_dir():
                file /= "index.html"
            return file if file.is_relative_to(self.root) and file.is_file() else None
        except (OSError, ValueError):
            # A name too long for a file, or with a zero in it.
            return None

    def _send(self, status: HTTPStatus, body: bytes, headers: dict[str, str], with_body: bool) -> None:
        self.send_response(status)
        for name, value in (self.common | headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)


@lru_cache(maxsize=64)
def _compressed(file: Path, changed: int) -> bytes:
    # `changed` is part of the key, so that a rebuilt file is compressed anew.
    return gzip.compress(file.read_bytes(), 6)
