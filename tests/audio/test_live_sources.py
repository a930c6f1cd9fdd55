"""Sound as it happens: raw samples, ffmpeg, and a stream that breaks."""

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import soundfile

from genre_lib.audio.live_sources import RETRY_S, ffmpeg_blocks, is_address, pcm_blocks, reconnecting
from genre_lib.errors import AudioError, MissingDependencyError

RATE = 22050


def tone(seconds: float, rate: int = RATE) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def as_pcm(samples: np.ndarray) -> bytes:
    return (samples * 32768).astype("<i2").tobytes()


class Trickle(io.BytesIO):
    """A pipe that gives an odd number of bytes at a time."""

    def read1(self, size: int | None = -1) -> bytes:
        return super().read(333)


def test_raw_samples_come_through_whole() -> None:
    samples = tone(2)
    heard = np.concatenate(list(pcm_blocks(Trickle(as_pcm(samples)), RATE, RATE)))
    np.testing.assert_allclose(heard, samples, atol=1e-4)


def test_raw_samples_of_another_rate_are_resampled() -> None:
    heard = np.concatenate(list(pcm_blocks(io.BytesIO(as_pcm(tone(2, 44100))), 44100, RATE)))
    assert abs(len(heard) - 2 * RATE) < 0.05 * RATE
    peak = np.abs(np.fft.rfft(heard[:RATE])).argmax()
    assert peak == 440


def test_a_file_is_heard_through_ffmpeg(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", np.stack([tone(3), tone(3)], axis=1), RATE)
    heard = np.concatenate(list(ffmpeg_blocks(str(tmp_path / "a.flac"), RATE)))
    np.testing.assert_allclose(heard, tone(3), atol=1e-3)


def test_what_ffmpeg_cannot_read_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_text("no music")
    with pytest.raises(AudioError, match=r"a\.mp3 cannot be heard"):
        list(ffmpeg_blocks(str(tmp_path / "a.mp3"), RATE))


def test_addresses_are_told_from_files() -> None:
    assert is_address("https://radio.example/x")
    assert not is_address("C:/music/a.mp3")


def test_a_stream_that_breaks_is_reached_again() -> None:
    served: list[int] = []

    class Radio(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.append(1)
            if len(served) == 2:
                self.send_error(503)
                return
            file = io.BytesIO()
            soundfile.write(file, tone(1), RATE, format="WAV")
            self.send_response(200)
            self.end_headers()
            self.wfile.write(file.getvalue())

        def log_message(self, *_: object) -> None:
            pass

    said: list[str] = []
    waited: list[float] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Radio) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/stream"
        blocks = reconnecting(lambda: ffmpeg_blocks(address, RATE), said.append, sleep=waited.append)
        heard = 0
        while heard < 2.5 * RATE:
            heard += len(next(blocks))
        blocks.close()
        server.shutdown()
    assert len(served) == 4
    assert len(said) == 3
    assert "503" in said[1] or "5XX" in said[1]
    # The second break came without sound in between: the next try waits longer.
    assert waited == [RETRY_S[0], RETRY_S[1], RETRY_S[0]]


def test_tries_never_wait_longer_than_the_last() -> None:
    def broken() -> Iterator[np.ndarray]:
        raise AudioError("no.")
        yield

    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        next(reconnecting(broken, lambda _: None, sleep=sleep))
    assert waited == [*RETRY_S, RETRY_S[-1], RETRY_S[-1], RETRY_S[-1]]


def test_a_microphone_needs_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    from genre_lib.audio.live_sources import microphone_blocks

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"genre-lib\[live\]"):
        next(microphone_blocks(RATE))
