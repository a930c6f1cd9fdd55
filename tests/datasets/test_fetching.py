"""Fetching against a server of our own: it can break off, lie about checksums, and know no ranges."""

import hashlib
import io
import tarfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from genre_lib.datasets import open_data_set
from genre_lib.datasets.fetching import MIRRORS, Mirror, fetch_gtzan
from genre_lib.errors import DataSetError, ParameterError


class Server(ThreadingHTTPServer):
    """Serves `content` at /good; see `Handler` for its bad manners."""

    content: bytes
    requests: list[tuple[str, str | None]]

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.requests.append((self.path, wanted))
        content = self.server.content
        if self.path == "/missing":
            self.send_error(404)
        elif self.path == "/pointer":
            digest = hashlib.sha256(content).hexdigest()
            self._send(f"version 1\noid sha256:{digest}\nsize {len(content)}\n".encode())
        elif self.path == "/wrong":
            self._send(content[:-1] + b"?")
        elif self.path == "/breaks" and wanted is None:
            self._send(content[: len(content) // 2], announced=len(content))
        elif wanted is not None and self.path != "/no-ranges":
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self.send_error(416)
            else:
                self._send(content[start:], status=206)
        else:
            self._send(content)

    def _send(self, body: bytes, *, status: int = 200, announced: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(announced or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name in ("blues/blues.00000.wav", "rock/rock.00000.wav", "rock/._rock.00000.wav"):
            content = np.random.default_rng(1).bytes(200_000)
            member = tarfile.TarInfo(f"genres/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    server = Server(("127.0.0.1", 0), Handler)
    server.content, server.requests = buffer.getvalue(), []
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def mirror(server: Server, path: str, content: bytes | None = None) -> Mirror:
    return Mirror(server.url(path), "sha256:" + hashlib.sha256(content or server.content).hexdigest())


def test_a_good_mirror_gives_the_data_set(server: Server, tmp_path: Path) -> None:
    calls: list[tuple[int, int | None]] = []
    folder = fetch_gtzan(
        tmp_path / "gtzan",
        known_mirrors={"good": mirror(server, "/good")},
        progress=lambda done, total: calls.append((done, total)),
    )
    data_set = open_data_set(f"gtzan:{folder}")
    assert [track.name for track in data_set.tracks] == ["blues.00000", "rock.00000"]
    assert calls[-1] == (len(server.content), len(server.content))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["gtzan"]


def test_what_is_there_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    mirrors = {"good": mirror(server, "/good")}
    fetch_gtzan(tmp_path / "gtzan", known_mirrors=mirrors)
    fetch_gtzan(tmp_path / "gtzan", known_mirrors=mirrors)
    assert len(server.requests) == 1


def test_the_next_mirror_is_tried(server: Server, tmp_path: Path) -> None:
    mirrors = {"gone": mirror(server, "/missing"), "bad": mirror(server, "/wrong"), "good": mirror(server, "/good")}
    assert fetch_gtzan(tmp_path / "gtzan", known_mirrors=mirrors).is_dir()
    assert [path for path, _ in server.requests] == ["/missing", "/wrong", "/good"]


def test_a_line_that_breaks_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    mirrors = {"breaks": mirror(server, "/breaks")}
    with pytest.raises(DataSetError, match="breaks: "):
        fetch_gtzan(tmp_path / "gtzan", known_mirrors=mirrors)
    (part,) = tmp_path.glob("*.part")
    had = part.stat().st_size
    assert had > 0
    assert fetch_gtzan(tmp_path / "gtzan", known_mirrors=mirrors).is_dir()
    assert server.requests[-1] == ("/breaks", f"bytes={had}-")


def test_a_mirror_without_ranges_starts_again(server: Server, tmp_path: Path) -> None:
    broken = {"a": mirror(server, "/breaks")}
    with pytest.raises(DataSetError):
        fetch_gtzan(tmp_path / "gtzan", known_mirrors=broken)
    assert fetch_gtzan(tmp_path / "gtzan", known_mirrors={"b": mirror(server, "/no-ranges")}).is_dir()


def test_a_download_that_was_complete_before_the_kill_is_used(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataSetError):
        fetch_gtzan(tmp_path / "gtzan", known_mirrors={"a": mirror(server, "/breaks")})
    (part,) = tmp_path.glob("*.part")
    part.write_bytes(server.content)
    assert fetch_gtzan(tmp_path / "gtzan", known_mirrors={"a": mirror(server, "/good")}).is_dir()


def test_a_wrong_checksum_is_refused_and_nothing_stays(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match="bad: sent a file with another checksum"):
        fetch_gtzan(tmp_path / "gtzan", known_mirrors={"bad": mirror(server, "/wrong")})
    assert list(tmp_path.iterdir()) == []


def test_a_pointer_gives_the_checksum(server: Server, tmp_path: Path) -> None:
    pointed = Mirror(server.url("/good"), pointer_url=server.url("/pointer"))
    assert fetch_gtzan(tmp_path / "gtzan", known_mirrors={"hub": pointed}).is_dir()
    lying = Mirror(server.url("/wrong"), pointer_url=server.url("/pointer"))
    with pytest.raises(DataSetError, match="another checksum"):
        fetch_gtzan(tmp_path / "other", known_mirrors={"hub": lying})
    silent = Mirror(server.url("/good"), pointer_url=server.url("/good"))
    with pytest.raises(DataSetError, match="names no checksum"):
        fetch_gtzan(tmp_path / "other", known_mirrors={"hub": silent})


def test_a_malicious_archive_with_the_right_checksum_is_refused(server: Server, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../../escaped"))
    server.content = buffer.getvalue()
    with pytest.raises(DataSetError, match="leads out of the folder"):
        fetch_gtzan(tmp_path / "in" / "gtzan", known_mirrors={"bad": mirror(server, "/good")})
    assert not (tmp_path / "escaped").exists()
    assert not (tmp_path / "in" / "gtzan").exists()


def test_an_unknown_mirror_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="huggingface, webarchive, original"):
        fetch_gtzan(tmp_path / "gtzan", mirrors=["nowhere"])


def test_no_mirror_at_all_says_why_for_each(tmp_path: Path) -> None:
    closed = {"one": Mirror("http://127.0.0.1:9/a", "sha256:" + "0" * 64)}
    with pytest.raises(DataSetError, match=r"one: could not be reached.*gtzan:FOLDER"):
        fetch_gtzan(tmp_path / "gtzan", known_mirrors=closed)


def test_every_mirror_names_how_it_is_checked() -> None:
    for known in MIRRORS.values():
        assert known.known_hash or known.pointer_url
