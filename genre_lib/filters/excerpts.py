"""From moments to sound: only the excerpts are read, cut to the sample, matched in loudness and joined."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from genre_lib.audio.decoding import AudioReader
from genre_lib.audio.mono import to_mono
from genre_lib.errors import AudioError

Span = tuple[int, int]

LOUDNESS_DBFS = -22.0
PEAK = 0.89
FADE_S = 0.008
GAP_S = 0.12

# Formats in which libsndfile finds a sample at once; others are decoded from their start.
_SEEKABLE = {".wav", ".flac", ".au", ".aif", ".aiff", ".caf", ".w64"}
# Beyond this share of a track, one reading of the whole is cheaper than finding each excerpt.
_SEEKS_PAY_BELOW = 0.8
# A resampler's filter is shorter.
_MARGIN_S = 0.05


@dataclass(frozen=True)
class ExcerptRequest:
    """What to read of one track: spans of samples at `sample_rate`, and the level of each [dBFS]."""

    path: Path
    sample_rate: int
    spans: tuple[Span, ...]
    levels: tuple[float, ...]


def read_excerpts(cut: ExcerptRequest) -> list[NDArray[np.int16]]:
    """The excerpts of a track, ready to be joined; see `prepared`."""
    excerpts = read_spans(cut.path, cut.sample_rate, cut.spans)
    return [prepared(samples, cut.sample_rate, level) for samples, level in zip(excerpts, cut.levels, strict=True)]


def read_spans(path: str | Path, sample_rate: int, spans: Sequence[Span]) -> list[NDArray[np.float32]]:
    """Samples [start, stop) of a recording, equal to those of the whole decoded at `sample_rate`.

    Opens the recording once. Reads no more than the spans, and what they share once, where the format allows it and
    they are few.

    Raises
    ------
    AudioError
        The recording cannot be read, or ends before a span does.
    """
    path = Path(path)
    if path.suffix.lower() in _SEEKABLE:
        try:
            with soundfile.SoundFile(str(path)) as file:
                apart = _apart(spans)
                total = sum(stop - start for start, stop in apart)
                if total < _SEEKS_PAY_BELOW * file.frames / file.samplerate * sample_rate:
                    return _within([(start, _sought(file, sample_rate, (start, stop))) for start, stop in apart], spans)
        except soundfile.SoundFileError:
            # Something else under this name: the reader below knows more formats, and the sentence to say.
            pass
    return _streamed(path, sample_rate, spans)


def prepared(samples: NDArray[np.float32], sample_rate: int, level: float) -> NDArray[np.int16]:
    """An excerpt of a `loudness` brought to the common one, faded in and out within its bounds, in 16 bits."""
    gain = 10 ** ((LOUDNESS_DBFS - level) / 20)
    peak = max(float(samples.max(initial=0)), -float(samples.min(initial=0)), 1e-9)
    samples = samples * np.float32(32767 * min(gain, PEAK / peak))
    n = min(round(FADE_S * sample_rate), len(samples) // 2)
    fade = (0.5 - 0.5 * np.cos(np.pi * (np.arange(n) + 0.5) / max(1, n))).astype(np.float32)
    samples[:n] *= fade
    samples[len(samples) - n :] *= fade[::-1]
    return np.rint(samples, out=samples).astype(np.int16)


def joined(excerpts: Sequence[NDArray[np.int16]], sample_rate: int) -> tuple[NDArray[np.int16], list[int]]:
    """Excerpts one after the other with a breath between, and the sample at which each begins."""
    gap = round(GAP_S * sample_rate)
    sound = np.zeros(sum(map(len, excerpts)) + gap * (len(excerpts) - 1), np.int16)
    begins, at = [], 0
    for excerpt in excerpts:
        sound[at : at + len(excerpt)] = excerpt
        begins.append(at)
        at += len(excerpt) + gap
    return sound, begins


def _apart(spans: Sequence[Span]) -> list[Span]:
    """Spans that overlap or touch as one, in order."""
    apart: list[Span] = []
    for start, stop in sorted(spans):
        if apart and start <= apart[-1][1]:
            apart[-1] = apart[-1][0], max(stop, apart[-1][1])
        else:
            apart.append((start, stop))
    return apart


def _within(pieces: Sequence[tuple[int, NDArray[np.float32]]], spans: Sequence[Span]) -> list[NDArray[np.float32]]:
    """Spans cut from the pieces that hold them, each piece with its first sample's place."""
    begins = [begin for begin, _ in pieces]
    found = []
    for start, stop in spans:
        begin, samples = pieces[bisect_right(begins, start) - 1]
        found.append(samples[start - begin : stop - begin])
    return found


def _sought(file: soundfile.SoundFile, sample_rate: int, span: Span) -> NDArray[np.float32]:
    start, stop = span
    # Reading begins where both rates have a sample, so that the resampler's grid is that of the whole; with several
    # channels at a whole second, as the mixer compares them.
    common = 1 if file.channels > 1 else np.gcd(file.samplerate, sample_rate)
    step, source_step = sample_rate // common, file.samplerate // common
    margin = 0 if file.samplerate == sample_rate else round(_MARGIN_S * sample_rate)
    first = max(0, start - margin) // step
    file.seek(first * source_step)
    n_source = -(-(stop + margin - first * step) * source_step // step)
    if file.channels > 1:
        n_source = -(-n_source // file.samplerate) * file.samplerate
    samples = to_mono(file.read(n_source, dtype="float32", always_2d=True), file.samplerate, sample_rate)
    excerpt = samples[start - first * step : stop - first * step]
    return _whole(excerpt, span, Path(file.name))


def _streamed(path: Path, sample_rate: int, spans: Sequence[Span]) -> list[NDArray[np.float32]]:
    found = [np.zeros(stop - start, np.float32) for start, stop in spans]
    end = max((stop for _, stop in spans), default=0)
    at = 0
    with AudioReader(path, sample_rate) as reader:
        for block in reader:
            for (start, stop), samples in zip(spans, found, strict=True):
                low, high = max(start, at), min(stop, at + len(block))
                if low < high:
                    samples[low - start : high - start] = block[low - at : high - at]
            at += len(block)
            if at >= end:
                return found
    return [_whole(samples[: max(0, at - start)], (start, stop), path) for samples, (start, stop) in
            zip(found, spans, strict=True)]  # fmt: skip


def _whole(samples: NDArray[np.float32], span: Span, path: Path) -> NDArray[np.float32]:
    if len(samples) < span[1] - span[0]:
        raise AudioError(f"{path} ends before sample {span[1]}: it has changed since it was heard; run again.")
    return samples
