"""Files that are unlike what decoders expect, made from a plain one; and files that are damaged, seeded."""

from __future__ import annotations

import random
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

ENCODINGS = {
    "wav": [],
    "au": [],
    "aiff": [],
    "caf": [],
    "w64": [],
    "flac": [],
    "mp3": ["-b:a", "128k"],
    "ogg": ["-c:a", "libvorbis"],
    "opus": ["-c:a", "libopus"],
    "m4a": ["-b:a", "128k"],
}


def encode(source: Path, target: Path, *options: str) -> Path:
    """Encode with ffmpeg."""
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", str(source), *options, str(target)], check=True)
    return target


def joined(target: Path, *parts: Path) -> Path:
    """Files end to end."""
    target.write_bytes(b"".join(part.read_bytes() for part in parts))
    return target


def big_endian(wav: Path, target: Path) -> Path:
    """RIFX, as some old machines wrote: a 16-bit wav with its bytes the other way round."""
    samples, rate = soundfile.read(wav, dtype="int16", always_2d=True)
    data = samples.astype(">i2").tobytes()
    channels = samples.shape[1]
    form = struct.pack(">HHIIHH", 1, channels, rate, 2 * channels * rate, 2 * channels, 16)
    body = b"WAVE" + b"fmt " + struct.pack(">I", 16) + form + b"data" + struct.pack(">I", len(data)) + data
    target.write_bytes(b"RIFX" + struct.pack(">I", len(body)) + body)
    return target


def with_sizes(wav: Path, target: Path, size: int) -> Path:
    """A wav whose header gives `size` as the length of everything, as crashed recorders and streams leave it."""
    data = bytearray(wav.read_bytes())
    at = data.index(b"data") + 4
    data[4:8] = data[at : at + 4] = struct.pack("<I", size)
    target.write_bytes(bytes(data))
    return target


def with_rate(wav: Path, target: Path, rate: int) -> Path:
    """A wav whose header says another sampling rate."""
    data = bytearray(wav.read_bytes())
    data[24:28] = struct.pack("<I", rate)
    target.write_bytes(bytes(data))
    return target


def out_of_phase(wav: Path, target: Path) -> Path:
    """Stereo whose channels cancel each other out."""
    samples, rate = soundfile.read(wav, dtype="float32")
    soundfile.write(target, np.stack([samples, -samples], axis=1), rate)
    return target


def cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) // 3, len(data))]


def flipped(data: bytes, rng: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(rng.choice((1, 20, 300))):
        damaged[rng.randrange(200, len(damaged))] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def flipped_in_header(data: bytes, rng: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(rng.choice((1, 4))):
        damaged[rng.randrange(min(200, len(damaged)))] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def repeated(data: bytes, rng: random.Random) -> bytes:
    start, length = rng.randrange(len(data)), rng.randrange(100, 20_000)
    return data[: start + length] + data[start:]


def with_hole(data: bytes, rng: random.Random) -> bytes:
    start, length = rng.randrange(1000, len(data)), rng.randrange(100, 20_000)
    return data[:start] + bytes(length) + data[start + length :]


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (cut, flipped, flipped_in_header, repeated, with_hole)


def damaged(files: list[Path], folder: Path, *, n: int, seed: int) -> list[Path]:
    """`n` damaged copies: every file in turn, every kind of damage in turn."""
    rng = random.Random(seed)
    made = []
    for i in range(n):
        source, damage = files[i % len(files)], DAMAGES[(i // len(files)) % len(DAMAGES)]
        made.append(folder / f"{i:03d}-{damage.__name__}{source.suffix}")
        made[-1].write_bytes(damage(source.read_bytes(), rng))
    return made
