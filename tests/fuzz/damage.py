"""Good recordings of every format, and ways to damage a file."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile

SECONDS = 6.0

# Twenty ways in which music is kept; what ffmpeg is to be told for each.
GOOD = {
    "pcm16.wav": [],
    "pcm24.wav": ["-c:a", "pcm_s24le"],
    "float.wav": ["-c:a", "pcm_f32le"],
    "adpcm.wav": ["-c:a", "adpcm_ms"],
    "big.au": [],
    "big.aiff": [],
    "core.caf": ["-c:a", "pcm_s16be"],
    "sony.w64": [],
    "plain.flac": [],
    "deep.flac": ["-sample_fmt", "s32", "-ar", "48000"],
    "flac.ogg": ["-c:a", "flac"],
    "vorbis.ogg": ["-c:a", "libvorbis"],
    "opus.opus": ["-c:a", "libopus"],
    "constant.mp3": ["-b:a", "128k"],
    "variable.mp3": ["-q:a", "5"],
    "plain.mp3": ["-b:a", "96k", "-write_xing", "0", "-id3v2_version", "0"],
    "aac.m4a": ["-c:a", "aac"],
    "stream.aac": ["-c:a", "aac"],
    "opus.webm": ["-c:a", "libopus"],
    "pack.wv": [],
}


def good_files(folder: Path) -> list[Path]:
    """Write a piece of music in every format."""
    rng = np.random.default_rng(7)
    t = np.arange(int(SECONDS * 44100)) / 44100
    beat = np.exp(-18 * (t % 0.4)) * rng.standard_normal(len(t))
    chord = sum(np.sin(2 * np.pi * f * t) for f in (220.0, 277.2, 329.6, 1760.0))
    sound = 0.15 * beat + 0.08 * chord
    soundfile.write(folder / "music.wav", np.stack([sound, np.roll(sound, 300)], axis=1), 44100)
    outputs = [part for name, options in GOOD.items() for part in (*options, str(folder / name))]
    # One call for all: starting it twenty times takes longer than the work.
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", str(folder / "music.wav"), *outputs], check=True)
    (folder / "music.wav").unlink()
    return [folder / name for name in GOOD]


def damaged(good: list[bytes], n: int, seed: int) -> Iterator[tuple[int, str, bytes]]:
    """Yield `n` damaged files: which of the good ones, what was done to it, and its bytes."""
    rng = np.random.default_rng(seed)
    ways = list(WAYS.items())
    for i in range(n):
        which = i % len(good)
        name, way = ways[int(rng.integers(len(ways)))]
        yield which, name, way(bytearray(good[which]), rng)


def _cut(data: bytearray, rng: np.random.Generator) -> bytes:
    return bytes(data[: rng.integers(1, len(data))])


def _without_beginning(data: bytearray, rng: np.random.Generator) -> bytes:
    return bytes(data[rng.integers(1, len(data)) :])


def _header_bytes(data: bytearray, rng: np.random.Generator) -> bytes:
    for _ in range(rng.integers(1, 4)):
        data[rng.integers(min(200, len(data)))] = rng.integers(256)
    return bytes(data)


def _body_bytes(data: bytearray, rng: np.random.Generator) -> bytes:
    for _ in range(rng.integers(1, 60)):
        data[rng.integers(len(data))] = rng.integers(256)
    return bytes(data)


def _bits(data: bytearray, rng: np.random.Generator) -> bytes:
    for _ in range(rng.integers(1, 200)):
        data[rng.integers(len(data))] ^= 1 << rng.integers(8)
    return bytes(data)


def _size(data: bytearray, rng: np.random.Generator) -> bytes:
    at = rng.integers(4, min(120, len(data) - 4))
    data[at : at + 4] = [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", rng.bytes(4)][rng.integers(4)]
    return bytes(data)


def _span(data: bytearray, rng: np.random.Generator) -> tuple[int, int]:
    start = int(rng.integers(len(data)))
    return start, start + int(rng.integers(1, max(2, len(data) // 4)))


def _repeated(data: bytearray, rng: np.random.Generator) -> bytes:
    start, stop = _span(data, rng)
    return bytes(data[:stop] + data[start:])


def _removed(data: bytearray, rng: np.random.Generator) -> bytes:
    start, stop = _span(data, rng)
    return bytes(data[:start] + data[stop:])


def _zeros(data: bytearray, rng: np.random.Generator) -> bytes:
    start, stop = _span(data, rng)
    data[start:stop] = bytes(len(data[start:stop]))
    return bytes(data)


def _noise(data: bytearray, rng: np.random.Generator) -> bytes:
    start, stop = _span(data, rng)
    data[start:stop] = rng.bytes(len(data[start:stop]))
    return bytes(data)


WAYS: dict[str, Callable[[bytearray, np.random.Generator], bytes]] = {
    "cut": _cut,
    "without-beginning": _without_beginning,
    "header-bytes": _header_bytes,
    "body-bytes": _body_bytes,
    "bits": _bits,
    "size": _size,
    "repeated": _repeated,
    "removed": _removed,
    "zeros": _zeros,
    "noise": _noise,
}
