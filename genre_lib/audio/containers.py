"""One container and the sound stream in it, decoded by ffmpeg's libraries.

Files are read through Python, so that no name is taken for a protocol, and only by demuxers of sound. What cannot be
decoded is left out and counted; the stream ends where the file does, not at the first fault, and not where a header
says.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import av

from genre_lib.audio.formats import DEMUXERS, FRAMES_ALONE, WITH_CLOCK, WITH_PAUSES
from genre_lib.audio.losses import Losses, LossesByBytes
from genre_lib.audio.sections import open_section

Bounds = tuple[int, int]
"""First and one past the last byte of a container in its file."""

# Below, a jump of the clock is a coder's delay or rounding; beyond, a clock that nobody set.
_SMALLEST_GAP_S = 0.05
_LARGEST_GAP_S = 600.0
# Speech at 8 kbit/s has twice as many.
_FEWEST_BYTES_A_SECOND = 500
# A demuxer that fails so often in a row without a packet will not find another.
_FAILURES_IN_A_ROW = 50
_STATED = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")
_BUFFER_BYTES = 1 << 16
# Tags in other encodings end no hearing. From 19 on PyAV replaces what is no UTF-8 by itself, and knows no such option.
_LENIENT: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}


def open_container(path: Path, bounds: Bounds, resources: ExitStack) -> Container | None:
    """The container in a section of a file; None where there is none with sound that can be decoded."""
    section = open_section(path, *bounds)
    resources.callback(section.close)
    try:
        return Container(section, resources)
    except (av.FFmpegError, StopIteration):
        return None


def has_pictures_alone(path: Path) -> bool:
    """Whether a file is a video without sound."""
    try:
        with (
            open_section(path, 0, path.stat().st_size) as section,
            av.open(section, mode="r", container_options=_options(section)) as container,
        ):
            return bool(container.streams.video) and not container.streams.audio
    except (av.FFmpegError, ValueError):
        return False


class Container:
    """An open container.

    Attributes
    ----------
    format : str
        ffmpeg's name of it.
    rate, channels : int
    losses : Losses
        Of what has passed.
    """

    def __init__(self, section: io.RawIOBase, resources: ExitStack) -> None:
        self._container = resources.enter_context(
            av.open(
                section,
                mode="r",
                **_LENIENT,
                container_options=_options(section),
                buffer_size=_BUFFER_BYTES,
            )
        )
        self._stream = next(stream for stream in self._container.streams.audio if stream.codec_context is not None)
        self._tick_s = float(self._stream.time_base or 0)
        self.format = self._container.format.name
        self.rate, self.channels = self._stream.rate, self._stream.channels
        alone = self.format in FRAMES_ALONE
        self.losses = LossesByBytes(self._tick_s, section) if alone else Losses(self._tick_s)
        # After opening, which reads where it likes and says where it goes on.
        here = section.tell()
        self._codec = _decoder(self._stream, section)
        section.seek(here)

    def duration_s(self) -> float | None:
        """What the header says, or what ffmpeg makes of it [s]."""
        if self._stream.duration is not None:
            return self._stream.duration * self._tick_s
        longest_s = self._container.duration / av.time_base if self._container.duration else None
        stated = _STATED.fullmatch(self._stream.metadata.get("DURATION", ""))
        if stated is not None and longest_s is not None:
            # Matroska's header knows the longest stream alone; a tag tells of each, if it is not another file's.
            hours, minutes, seconds = map(float, stated.groups())
            stated_s = 3600 * hours + 60 * minutes + seconds
            if stated_s < longest_s + _SMALLEST_GAP_S:
                return stated_s
        return longest_s if len(self._container.streams) == 1 else None

    def frames(self) -> Iterator[av.AudioFrame | float]:
        """Frames, and seconds of silence where the container's clock jumps."""
        has_clock, has_pauses = self.format in WITH_CLOCK, self.format in WITH_PAUSES
        clock_s = (self._container.start_time or 0) / av.time_base
        begun = False
        passed = _Passed(alone=len(self._container.streams) == 1)
        for packet in self._packets():
            passed.take(packet)
            try:
                frames = self._codec.decode(packet)
            except av.FFmpegError:
                self.losses.failed(packet)
                continue
            for frame in frames:
                if has_clock and frame.pts is not None:
                    time_s = frame.pts * self._tick_s
                    gap_s = time_s - clock_s
                    clock_s = time_s + frame.samples / frame.sample_rate
                    if _SMALLEST_GAP_S < gap_s < _LARGEST_GAP_S:
                        is_pause = has_pauses and not passed.lack(gap_s)
                        self.losses.silent(gap_s, is_pause=is_pause or not begun)
                        yield gap_s
                begun = True
                yield frame
            self.losses.passed(packet)

    def _packets(self) -> Iterator[av.Packet[Any] | None]:
        """Packets of the stream, whatever fails between them, and None at the end."""
        is_mp3 = self._codec.name.startswith("mp3")
        failures = 0
        while failures < _FAILURES_IN_A_ROW:
            try:
                for packet in self._container.demux(self._stream):
                    failures = 0
                    if is_mp3 and _is_xing(packet):
                        self.losses.passed(packet)
                    elif packet.size:
                        yield packet
                break
            except (av.FFmpegError, ValueError):
                failures += 1
        yield None


class _Passed:
    """Bytes that no packet holds: damaged ones tell a loss from a pause, in which nothing was written."""

    def __init__(self, *, alone: bool) -> None:
        self._alone = alone
        self._end: int | None = None
        # Before the packet and before the last one, since decoders may be a packet behind.
        self._skipped = (0, 0)

    def take(self, packet: av.Packet[Any] | None) -> None:
        """Take note of the next packet; without a place it says nothing, and pictures lie between those of sound."""
        if packet is None or packet.pos is None or not self._alone:
            return
        self._skipped = (self._skipped[1], 0 if self._end is None else packet.pos - self._end)
        self._end = packet.pos + packet.size

    def lack(self, gap_s: float) -> bool:
        """Whether a jump of the clock is as long as what was skipped."""
        return max(self._skipped) > _FEWEST_BYTES_A_SECOND * gap_s


def _options(section: io.RawIOBase) -> dict[str, str]:
    options = {"format_whitelist": ",".join(sorted(DEMUXERS))}
    head = section.read(12)
    section.seek(0)
    if head[8:12] == b"WAVE":
        # Five megabytes would be searched for other codecs that may lie in it, at the cost of hearing half a minute.
        options["probesize"] = "65536"
    return options


def _decoder(stream: av.AudioStream, section: io.RawIOBase) -> av.AudioCodecContext:
    codec = stream.codec_context
    section.seek(0)
    if section.read(4) == b"RIFX" and codec.name.startswith("pcm_") and codec.name.endswith("le"):
        # ffmpeg reads the header of big-endian wav the right way round, and then not the samples.
        big = av.CodecContext.create(f"{codec.name.removesuffix('le')}be", "r")
        assert isinstance(big, av.AudioCodecContext)
        big.sample_rate, big.layout = codec.sample_rate, codec.layout
        codec = big
    codec.thread_count = 1
    return codec


def _is_xing(packet: av.Packet[Any]) -> bool:
    """Whether an mp3 frame is a table of contents and no sound; joined files hold one in their middle."""
    head = bytes(memoryview(packet)[:40])
    if b"Xing" not in head and b"Info" not in head:
        return False
    is_mpeg1, is_mono = (head[1] >> 3) & 3 == 3, head[3] >> 6 == 3
    at = 4 + ((17 if is_mono else 32) if is_mpeg1 else (9 if is_mono else 17))
    return head[at : at + 4] in (b"Xing", b"Info")
