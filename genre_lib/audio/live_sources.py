"""Sound as it happens: a microphone, a stream or a file through ffmpeg, raw samples on standard input."""

from __future__ import annotations

import queue
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import IO, Any

import numpy as np
import soxr
from numpy.typing import NDArray

from genre_lib.errors import AudioError
from genre_lib.utils.extras import require

Blocks = Iterator[NDArray[np.float32]]
Report = Callable[[str], None]

_BLOCK_S = 0.25
# Seconds between two tries to reach a stream that broke, the last again and again.
RETRY_S = (1.0, 2.0, 5.0, 10.0, 30.0)
# Sound that waits while the program is busy; older sound is dropped, so that live stays live.
_WAITING_S = 10.0


def pcm_blocks(stream: IO[bytes], rate: int, target_rate: int) -> Blocks:
    """Mono signed 16-bit little-endian samples, until the stream ends.

    Parameters
    ----------
    stream : binary file
    rate, target_rate : int > 0 [Hz]
        Of the samples that come, and of the blocks.
    """
    resample = None if rate == target_rate else soxr.ResampleStream(rate, target_rate, 1, dtype="float32")
    wanted = 2 * max(1, round(_BLOCK_S * rate))
    rest = b""
    # A pipe gives what it has: whoever writes a little at a time is heard at once.
    read = getattr(stream, "read1", stream.read)
    while data := read(wanted):
        data = rest + data
        rest = data[len(data) // 2 * 2 :]
        block = np.frombuffer(data[: len(data) - len(rest)], "<i2").astype(np.float32) / 32768
        yield block if resample is None else resample.resample_chunk(block)


def ffmpeg_blocks(source: str, target_rate: int, *, real_time: bool = False) -> Blocks:
    """A file or an address as ffmpeg hears it, once.

    Parameters
    ----------
    source : str
    target_rate : int > 0 [Hz]
    real_time : bool
        As fast as it plays, not as fast as it can be read.

    Raises
    ------
    AudioError
        There is no ffmpeg, or it cannot read the source.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise AudioError(f"{source} needs ffmpeg to be heard live: install ffmpeg.")
    pace = ["-re"] if real_time else []
    command = [program, "-nostdin", "-v", "error", *pace, "-i", source, "-vn", "-ac", "1", "-ar", str(target_rate)]
    with subprocess.Popen([*command, "-f", "s16le", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            yield from pcm_blocks(process.stdout, target_rate, target_rate)
            said = process.stderr.read().decode("utf-8", "replace").strip().splitlines()
            if process.wait():
                reason = said[-1] if said else "ffmpeg gave no reason"
                raise AudioError(f"{source} cannot be heard ({reason}): check the address, and that it plays.")
        finally:
            process.kill()


def is_address(source: str) -> bool:
    """Whether a source is a stream's address rather than a file.

    Examples
    --------
    >>> is_address("https://radio.example/stream"), is_address("song.mp3")
    (True, False)
    """
    return "://" in source


def reconnecting(
    connect: Callable[[], Blocks], report: Report, *, sleep: Callable[[float], Any] = time.sleep
) -> Blocks:
    """The blocks of a stream that is meant to go on for ever: where it ends or breaks, it is reached again.

    Parameters
    ----------
    connect : callable
        Gives the stream's blocks from now on.
    report : callable
        Gets a sentence for each break.
    sleep : callable
    """
    tries = 0
    while True:
        try:
            with closing(connect()) as blocks:  # type: ignore[type-var]
                for block in blocks:
                    tries = 0
                    yield block
            why = "The stream ended."
        except AudioError as error:
            why = str(error)
        wait_s = RETRY_S[min(tries, len(RETRY_S) - 1)]
        report(f"{why} Trying again in {wait_s:g} s.")
        sleep(wait_s)
        tries += 1


def microphone_blocks(target_rate: int, device: str | None = None) -> Blocks:
    """An input device of this machine.

    Parameters
    ----------
    target_rate : int > 0 [Hz]
    device : str, optional
        A part of its name, or its number; by default the system's.

    Raises
    ------
    AudioError
        There is none, or it cannot be opened.
    MissingDependencyError
        sounddevice is not installed.
    """
    require("sounddevice", what="Listening to a microphone")
    try:
        import sounddevice
    except OSError as error:
        raise AudioError("The sound library PortAudio is missing: install it (Debian: libportaudio2).") from error

    waiting: queue.Queue[NDArray[np.float32]] = queue.Queue(maxsize=round(_WAITING_S / _BLOCK_S))

    def take(block: NDArray[np.float32], *_: Any) -> None:
        if waiting.full():
            waiting.get_nowait()
        waiting.put_nowait(block.mean(axis=1, dtype=np.float32))

    chosen: int | str | None = int(device) if device is not None and device.isdigit() else device
    try:
        rate = round(float(sounddevice.query_devices(chosen, "input")["default_samplerate"]))
        resample = None if rate == target_rate else soxr.ResampleStream(rate, target_rate, 1, dtype="float32")
        with sounddevice.InputStream(
            device=chosen, samplerate=rate, blocksize=round(_BLOCK_S * rate), dtype="float32", callback=take
        ):
            while True:
                block = waiting.get()
                yield block if resample is None else resample.resample_chunk(block)
    except (sounddevice.PortAudioError, ValueError) as error:
        raise AudioError(f"The microphone cannot be heard ({error}): name a device with --device.") from error
