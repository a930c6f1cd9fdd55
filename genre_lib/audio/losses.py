"""How much of a stream could not be decoded, in seconds."""

from __future__ import annotations

import io
from typing import Any

import av

# Between two frames of a stream without a container, fewer bytes are padding.
_SKIPPED_BYTES = 64


class Losses:
    """Counts by the time of packets that failed, in a container that knows it.

    Attributes
    ----------
    lost_s : float [s]
        Lost between what was heard.
    cut_s : float [s]
        Lost after the last that was heard: where a file was cut, a part of a frame is left.
    """

    def __init__(self, tick_s: float) -> None:
        self._tick_s = tick_s
        self.lost_s = self.cut_s = 0.0

    def failed(self, packet: av.Packet[Any] | None) -> None:
        """A packet could not be decoded; None stands for what a decoder held to the end."""
        if packet is not None:
            self.cut_s += (packet.duration or 0) * self._tick_s

    def passed(self, packet: av.Packet[Any] | None) -> None:
        """A packet was decoded; None stands for what a decoder held to the end."""
        if packet is not None:
            self.lost_s += self.cut_s
            self.cut_s = 0.0

    def silent(self, gap_s: float, *, is_pause: bool) -> None:
        """The clock has jumped; what failed before is in the gap."""
        if self.cut_s or not is_pause:
            self.lost_s += gap_s
        self.cut_s = 0.0


class LossesByBytes(Losses):
    """Counts the bytes between frames that were decoded, where nothing else tells their time.

    Tags between joined files are no loss, nor is what stands before the first frame or after the last.
    """

    def __init__(self, tick_s: float, section: io.RawIOBase) -> None:
        super().__init__(tick_s)
        self._section = section
        self._end: int | None = None
        self._bytes = self._ticks = self._skipped = 0

    def failed(self, packet: av.Packet[Any] | None) -> None:
        """Its bytes lie between those of its neighbours."""

    def passed(self, packet: av.Packet[Any] | None) -> None:
        """Take note of a packet that was decoded; None, or one without a place, says nothing."""
        if packet is None or packet.pos is None:
            return
        at, size = packet.pos, packet.size
        if self._end is not None and at - self._end > _SKIPPED_BYTES and not self._is_tag(self._end):
            self._skipped += at - self._end
        self._end = at + size
        self._bytes += size
        self._ticks += packet.duration or 0
        self.lost_s = self._skipped * self._ticks * self._tick_s / self._bytes

    def _is_tag(self, at: int) -> bool:
        here = self._section.tell()
        self._section.seek(at)
        head = self._section.read(8)
        self._section.seek(here)
        return head[:3] in (b"ID3", b"TAG") or head == b"APETAGEX"
