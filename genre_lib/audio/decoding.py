"""Decoding: any recording becomes mono float32 samples at one rate, block by block.

Everything that can be decoded is heard, and what could not be is said with seconds. Everything streams, so that a
three-hour file needs no more memory than a short one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import soxr
from numpy.typing import NDArray

from genre_lib.audio.files import check_file, shown, why_unreachable
from genre_lib.audio.mono import NOT_NUMBERS, Mixer, check_rate, is_finite, silenced
from genre_lib.audio.streams import SoundStream
from genre_lib.errors import AudioError

_BLOCK_S = 10.0
# What is decoded at once, of all channels: small enough that its memory is used again instead of being asked for anew.
_PIECE_S = 2.0
# Headers of compressed files are off by a frame or two (26 ms each in mp3): only a real loss is told.
_SHORTFALL_S = 0.5
_LOSS_S = 0.1


def load_audio(path: str | Path, sample_rate: int) -> NDArray[np.float32]:
    """Decode a whole recording.

    Parameters
    ----------
    path : str or Path
    sample_rate : int [Hz]
        Rate of the returned samples, from 1,000 to 768,000.

    Returns
    -------
    np.ndarray [shape=(n,), dtype=float32]
        Mono samples, full scale 1.0.

    Raises
    ------
    AudioError
        The file is missing, empty or not audio, or the rate is none.
    """
    with AudioReader(path, sample_rate) as reader:
        blocks = list(reader)
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def stream_audio(path: str | Path, sample_rate: int, *, block_s: float = _BLOCK_S) -> Iterator[NDArray[np.float32]]:
    """Yield a recording as consecutive mono blocks of about `block_s` seconds; see `load_audio`."""
    with AudioReader(path, sample_rate, block_s=block_s) as reader:
        yield from reader


class AudioReader:
    """An open recording; iterate it once to get mono float32 blocks at `sample_rate`.

    Attributes
    ----------
    path : Path
    source_rate, channels : int
        Of the beginning: both may change in a file that was joined of several.
    announced_s : float or None [s]
        After iteration: the duration the file's header claims, where it claims one that can be.
    warning : str or None
        After iteration: what of the recording was not heard, or not as it is, in a sentence or two.

    Raises
    ------
    AudioError
        On opening or while iterating; the message names the file and what to do.
    """

    def __init__(self, path: str | Path, sample_rate: int, *, block_s: float = _BLOCK_S) -> None:
        check_rate(sample_rate)
        if not block_s > 0:
            raise AudioError(f"block_s is {block_s}: give seconds above 0.")
        self.path = Path(path)
        self.sample_rate = int(sample_rate)
        self.warning: str | None = None
        self._block_s = block_s
        self._resources = ExitStack()
        check_file(path)
        with ExitStack() as opened:
            self._stream = SoundStream(self.path, block_s / math.ceil(block_s / _PIECE_S), opened)
            self._resources = opened.pop_all()
        self.source_rate = self._stream.rate
        self.channels = self._stream.channels
        self.announced_s: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        waiting: list[NDArray[np.float32]] = []
        for mono in self._mono():
            waiting.append(mono)
            if sum(map(len, waiting)) >= self._block_s * self.sample_rate:
                yield np.concatenate(waiting)
                waiting = []
        if waiting:
            yield np.concatenate(waiting)

    def _mono(self) -> Iterator[NDArray[np.float32]]:
        way: _WayToMono | None = None
        passed: list[_WayToMono] = []
        heard_s = 0.0
        try:
            for piece in self._stream.pieces():
                if way is None or way.kind != (piece.rate, len(piece.planar)):
                    if way is not None:
                        yield from way.finish()
                    way = _WayToMono(piece.rate, len(piece.planar), self.sample_rate)
                    passed.append(way)
                heard_s += piece.seconds
                yield from way.push(piece.planar)
        except OSError as error:
            raise why_unreachable(self.path, error) from error
        if way is None:
            raise AudioError(f"{shown(self.path)} holds no sound: check that the file is complete.")
        yield from way.finish()
        self.announced_s = self._stream.announced_s(heard_s)
        self.warning = self._warning(heard_s, passed)

    def _warning(self, heard_s: float, ways: list[_WayToMono]) -> str | None:
        name = shown(self.path)
        sentences = []
        lost_s = self._stream.lost_s
        if self.announced_s is not None and heard_s < self.announced_s - _SHORTFALL_S:
            sentences.append(
                f"{name} ends after {heard_s:.1f} s of the {self.announced_s:.1f} s it announces: the rest is missing."
            )
        elif self._stream.lacks_end:
            sentences.append(
                f"{name} ends after {heard_s:.1f} s without the mark of its end: what followed is missing."
            )
        else:
            lost_s += self._stream.cut_s
        if lost_s > _LOSS_S:
            sentences.append(f"{name} is damaged: about {lost_s:.1f} s of it cannot be decoded.")
        silenced_s = sum(way.n_silenced / way.kind[0] for way in ways)
        if silenced_s > heard_s / 2:
            raise AudioError(f"{name} {NOT_NUMBERS}: export it again as 16-bit audio.")
        if silenced_s:
            n = sum(way.n_silenced for way in ways)
            these = f"1 sample of {name} is no number" if n == 1 else f"{n} samples of {name} are no numbers"
            sentences.append(f"{these} or beyond all measure, and heard as silence.")
        cancelled_s = sum(way.cancelled_s for way in ways)
        if cancelled_s:
            sentences.append(
                f"The channels of {name} cancel each other out for {cancelled_s:.1f} s: the louder one is heard there."
            )
        return " ".join(sentences) or None


class _WayToMono:
    """From samples of one rate and number of channels to mono at another rate.

    Attributes
    ----------
    kind : tuple of int
        Rate and number of channels.
    n_silenced : int
        Samples that are no numbers, or beyond all measure.
    """

    def __init__(self, rate: int, channels: int, target_rate: int) -> None:
        self.kind = (rate, channels)
        self.n_silenced = 0
        self._mixer = Mixer(rate)
        self._resampler = None
        if rate != target_rate:
            self._resampler = soxr.ResampleStream(rate, target_rate, 1, dtype="float32", quality="HQ")

    @property
    def cancelled_s(self) -> float:
        """How much was heard through one channel [s]."""
        return self._mixer.cancelled_s

    def push(self, planar: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """Take samples [shape=(channels, n)]."""
        for mono in self._mixer.push(planar):
            yield from self._resampled(mono)

    def finish(self) -> Iterator[NDArray[np.float32]]:
        """Yield what mixer and resampler still hold."""
        for mono in self._mixer.finish():
            yield from self._resampled(mono)
        yield from self._resampled(np.zeros(0, np.float32), last=True)

    def _resampled(self, mono: NDArray[np.float32], *, last: bool = False) -> Iterator[NDArray[np.float32]]:
        if not is_finite(mono):
            mono, n_silenced = silenced(mono)
            self.n_silenced += n_silenced
        if self._resampler is not None:
            mono = self._resampler.resample_chunk(mono, last=last)
        if len(mono):
            yield mono
