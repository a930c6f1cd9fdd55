"""Everything that can be heard of a file, as samples: rates, channels and links of a chain as they come."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from genre_lib.audio import ogg
from genre_lib.audio.announced import announced_s
from genre_lib.audio.containers import Bounds, Container, has_pictures_alone, open_container
from genre_lib.audio.ends import is_cut
from genre_lib.audio.files import shown, why_unreachable
from genre_lib.audio.mono import CHANNELS_AT_MOST, RATES
from genre_lib.errors import AudioError

# Less is a coder's delay or a page that is cut off at both ends.
_MISSING_S = 0.5

_ARCHIVES = (b"PK\x03\x04", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b")


@dataclass(frozen=True)
class Piece:
    """Samples in a row of one rate and number of channels [shape=(channels, n)]."""

    rate: int
    planar: NDArray[np.float32]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.planar.shape[1] / self.rate


class SoundStream:
    """The first sound stream of a file that can be decoded.

    Parameters
    ----------
    path : Path
        A file that `genre_lib.audio.files.check_file` lets pass.
    block_s : float [s]
        About how long pieces are.
    resources : ExitStack
        Closes the file.

    Attributes
    ----------
    rate, channels : int
        Of the beginning.
    lost_s : float [s]
        How much of what has passed could not be decoded, as far as that is known.
    cut_s : float [s]
        The same of the very end, where only a part of a frame may be there.
    lacks_end : bool
        Whether the file ends without the mark that its format ends with, or before what holds its sound does.

    Raises
    ------
    AudioError
        There is no sound in the file that can be decoded.
    """

    def __init__(self, path: Path, block_s: float, resources: ExitStack) -> None:
        self._path = path
        self._block_s = block_s
        self.lost_s = self.cut_s = 0.0
        try:
            _refuse_archives(path)
            self._bounds = _parts_of(path)
            self._first = open_container(path, self._bounds[0], resources)
        except OSError as error:
            raise why_unreachable(path, error) from error
        if self._first is None:
            if has_pictures_alone(path):
                raise AudioError(f"{shown(path)} holds pictures and no sound: name a recording of it.")
            raise AudioError(
                f"{shown(path)} is not a sound file that can be read: check that it is a recording, and complete."
            )
        self.rate, self.channels = self._first.rate, self._first.channels
        _check(path, self.rate, self.channels)
        self.lacks_end = _lacks_end(path, self._first)

    def announced_s(self, heard_s: float) -> float | None:
        """Seconds that the header claims, where it claims any that can be.

        Parameters
        ----------
        heard_s : float [s]
            How much was heard.
        """
        if self._first is None or self._first.format == "ogg":
            return None
        return announced_s(self._path, self._first.format, counted_s=self._first.duration_s(), heard_s=heard_s)

    def pieces(self) -> Iterator[Piece]:
        """Everything that can be decoded, in order; an OSError where the disk fails."""
        for i, bounds in enumerate(self._bounds):
            with ExitStack() as own:
                link = self._first if i == 0 else open_container(self._path, bounds, own)
                if link is not None:
                    heard_s = yield from self._pieces_of(link)
                    if link.format == "ogg":
                        # The last page tells when it ends: what the clock did not show was not there either.
                        counted_s = announced_s(self._path, "ogg", counted_s=link.duration_s(), heard_s=heard_s) or 0.0
                        self.lost_s += counted_s - heard_s if counted_s > heard_s + _MISSING_S else 0.0
                    # Nothing of a link's end is a loss before the next link has begun.
                    self.lost_s += self.cut_s + link.losses.lost_s
                    self.cut_s = link.losses.cut_s

    def _pieces_of(self, link: Container) -> Generator[Piece, None, float]:
        """The pieces of one link; returns how many seconds they were."""
        heard_s = 0.0
        gathered = _Gathered(self._block_s, link.rate, link.channels)
        for part in link.frames():
            pieces = gathered.silence(part) if isinstance(part, float) else gathered.add(part)
            for piece in pieces:
                _check(self._path, piece.rate, len(piece.planar))
                heard_s += piece.seconds
                yield piece
        for piece in gathered.take():
            heard_s += piece.seconds
            yield piece
        return heard_s


def _lacks_end(path: Path, first: Container) -> bool:
    if first.format == "ogg":
        return not ogg.has_end_mark(path)
    if first.format == "matroska,webm" and first.duration_s() is not None:
        # What follows the sound, such as an index, is no loss.
        return False
    return is_cut(path, first.format)


def _refuse_archives(path: Path) -> None:
    # Songs lie in them as they are, and the first that is found would be heard for all.
    with path.open("rb") as file:
        if file.read(6).startswith(_ARCHIVES):
            raise AudioError(f"{shown(path)} is an archive, not a recording: unpack it and give the folder.")


def _parts_of(path: Path) -> list[Bounds]:
    """The sections of a file that are containers of their own: one, but for chains."""
    size = path.stat().st_size
    with path.open("rb") as file:
        chain = ogg.links(path) if file.read(4) == b"OggS" else []
    if len(chain) < 2:
        return [(0, size)]
    parts: list[Bounds] = []
    for start, stop in chain:
        with ExitStack() as tried:
            if open_container(path, (start, stop), tried) is not None:
                parts.append((start, stop))
            elif parts:
                # No beginning by itself: it belongs to the link before.
                parts[-1] = (parts[-1][0], stop)
    return parts or [(0, size)]


class _Gathered:
    """Joins frames of one kind into pieces."""

    def __init__(self, block_s: float, rate: int, channels: int) -> None:
        self._block_s = block_s
        self._kind = (rate, channels, "")
        self._parts: list[NDArray[Any]] = []
        self._n = 0

    def add(self, frame: av.AudioFrame) -> Iterator[Piece]:
        kind = (frame.sample_rate, frame.layout.nb_channels, frame.format.name)
        if kind != self._kind:
            yield from self.take()
            self._kind = kind
        self._parts.append(_samples(frame))
        self._n += frame.samples
        if self._n >= self._block_s * frame.sample_rate:
            yield from self.take()

    def silence(self, seconds: float) -> Iterator[Piece]:
        yield from self.take()
        rate, channels, _ = self._kind
        left = round(seconds * rate)
        while left:
            n = min(left, max(1, int(self._block_s * rate)))
            yield Piece(rate, np.zeros((channels, n), np.float32))
            left -= n

    def take(self) -> Iterator[Piece]:
        if self._parts:
            rate, channels, kind = self._kind
            parts, self._parts, self._n = self._parts, [], 0
            yield Piece(rate, _planar(np.concatenate(parts, axis=1), channels, packed=not kind.endswith("p")))


def _samples(frame: av.AudioFrame) -> NDArray[Any]:
    """As `frame.to_ndarray`, in a fifth of the time for the many small frames of compressed sound."""
    if frame.format.name != "fltp":
        return frame.to_ndarray()
    planar = np.empty((len(frame.planes), frame.samples), np.float32)
    for channel, plane in zip(planar, frame.planes, strict=True):
        channel[:] = np.frombuffer(memoryview(plane), np.float32, frame.samples)
    return planar


def _planar(samples: NDArray[Any], channels: int, *, packed: bool) -> NDArray[np.float32]:
    """Samples [shape=(channels, n)] at full scale 1.0 from ffmpeg's (1, channels * n) or (channels, n) of any type."""
    if packed:
        samples = samples.reshape(-1, channels).T
    planar = np.empty(samples.shape, np.float32)
    with np.errstate(over="ignore"):
        np.copyto(planar, samples, casting="unsafe")
    if samples.dtype == np.uint8:
        planar -= 128
        planar /= 128
    elif samples.dtype.kind == "i":
        planar *= np.float32(2.0 ** (1 - 8 * samples.itemsize))
    return planar


def _check(path: Path, rate: int, channels: int) -> None:
    if rate not in RATES:
        raise AudioError(
            f"{shown(path)} says that a second has {rate} samples: its header is damaged, "
            f"rates from {RATES[0]:,} to {RATES[-1]:,} Hz can be heard."
        )
    if channels > CHANNELS_AT_MOST:
        raise AudioError(
            f"{shown(path)} says that it has {channels} channels: at most {CHANNELS_AT_MOST} can be heard."
        )
