"""What a report keeps of a recording: its envelope, and how a browser gets at the sound."""

from __future__ import annotations

import base64
import io
import os
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.decoding import stream_audio
from genre_lib.inference.curve import GenreCurve
from genre_lib.report.chart import N_BINS

_SAMPLE_RATE = 22050
# libsndfile's compression level for 64 kbit/s, the constant rates of MPEG-2 going from 160 down to 8.
_MP3_LEVEL = (160 - 64) / (160 - 8)

# RMS of a sine at full scale: what is not louder is at most clipped here and there, as in any player.
_LOUDEST_DBFS = -3.0

AudioChoice = Literal["auto", "embed", "link", "none"]


@dataclass(frozen=True)
class Sound:
    """What the report keeps of a recording: its envelope, and how the browser gets at it."""

    envelope: NDArray[np.float64]
    source: str | None


def read_sound(curve: GenreCurve, path: Path | None, out: Path, audio: AudioChoice) -> Sound:
    """The envelope and the source, read block by block so that length costs no memory."""
    if path is None:
        return Sound(_level_envelope(curve), None)
    n_peaks = 4 * N_BINS
    size = max(1, int(curve.duration_s * _SAMPLE_RATE / n_peaks))
    peaks: list[NDArray[np.float32]] = []
    rest = np.zeros(0, np.float32)
    encoder = Mp3Encoder(playback_gain(curve, path)) if audio == "embed" else None
    for block in stream_audio(path, _SAMPLE_RATE):
        if encoder:
            encoder.write(block)
        rest = np.concatenate([rest, block])
        whole = len(rest) // size * size
        peaks.append(np.abs(rest[:whole].reshape(-1, size)).max(axis=1))
        rest = rest[whole:]
    peak = np.concatenate(peaks) if peaks else np.zeros(1)
    # Mean of peaks: the eye sees loudness, where the single highest sample of a second would fill the strip.
    groups = max(1, len(peak) // N_BINS)
    envelope = peak[: len(peak) // groups * groups].reshape(-1, groups).mean(axis=1).astype(np.float64)
    if encoder:
        return Sound(envelope, encoder.data_uri())
    if audio == "none":
        return Sound(envelope, None)
    try:
        link = quote(os.fsencode(Path(os.path.relpath(path.resolve(), out.parent.resolve())).as_posix()))
    except ValueError:
        # Another drive of Windows has no relative path.
        link = path.resolve().as_uri()
    return Sound(envelope, escape(link))


def playback_gain(curve: GenreCurve, path: Path) -> float:
    """Factor that brings a recording beyond full scale (floats at the scale of integers) down to it, else 1."""
    if not np.max(curve.level, initial=-np.inf) > _LOUDEST_DBFS:
        return 1.0
    peak = max(float(np.abs(block).max()) for block in stream_audio(path, _SAMPLE_RATE))
    return 1 / max(1.0, peak)


def _level_envelope(curve: GenreCurve) -> NDArray[np.float64]:
    level = np.nan_to_num(curve.level, nan=-120.0, posinf=0.0)
    return np.asarray(10 ** (level / 20), np.float64)


class Mp3Encoder:
    """Mono mp3 at 64 kbit/s, fed block by block with samples at 22,050 Hz.

    Parameters
    ----------
    gain : float
        Factor of the samples; what is beyond full scale then is clipped.
    """

    def __init__(self, gain: float = 1.0) -> None:
        import soundfile

        self._gain = np.float32(gain)
        self._bytes = io.BytesIO()
        self._file = soundfile.SoundFile(
            self._bytes,
            "w",
            _SAMPLE_RATE,
            1,
            format="MP3",
            subtype="MPEG_LAYER_III",
            compression_level=_MP3_LEVEL,
            bitrate_mode="CONSTANT",
        )

    def write(self, samples: NDArray[np.float32]) -> None:
        """Encode the next block."""
        # The encoder ends the whole process at samples far beyond full scale.
        self._file.write(np.clip(samples * self._gain, -1, 1))

    def content(self) -> bytes:
        """The finished file."""
        self._file.close()
        return self._bytes.getvalue()

    def data_uri(self) -> str:
        """The finished file as an address."""
        return f"data:audio/mpeg;base64,{base64.b64encode(self.content()).decode()}"


def encode_mp3(path: str | Path, curve: GenreCurve) -> bytes:
    """A recording as mono mp3 at 64 kbit/s, which every browser plays; AudioError if it cannot be decoded."""
    encoder = Mp3Encoder(playback_gain(curve, Path(path)))
    for block in stream_audio(path, _SAMPLE_RATE):
        encoder.write(block)
    return encoder.content()
