"""`genre live`: what the microphone, a stream or a file sounds like, while it sounds."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.cli.options import add_command, add_model_option, say_error
from genre_lib.errors import ParameterError


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "live",
        _live,
        "listen to the microphone, a stream or a file, and show what it sounds like",
        example="genre live https://radio.example/stream --log day.parquet",
    )
    parser.add_argument(
        "source",
        nargs="?",
        metavar="SOURCE",
        help="a stream's address or a file (through ffmpeg), or - for mono 16-bit samples on standard input; "
        "default: the microphone",
    )
    add_model_option(parser)
    parser.add_argument("--rate", type=int, metavar="HZ", help="of samples on standard input (default: the model's)")
    parser.add_argument("--device", metavar="NAME", help="the microphone: a part of its name, or its number")
    parser.add_argument("--fast", action="store_true", help="hear a file as fast as it can be read, not as it plays")
    parser.add_argument("--once", action="store_true", help="end where a stream ends, instead of reaching it again")
    parser.add_argument("--steadiness", type=float, metavar="S", help="how long a genre is expected to last")
    parser.add_argument("--log", metavar="FILE.parquet", help="write the belief there, a row every third of a second")
    parser.add_argument("--plain", action="store_true", help="a line for each change instead of moving bars")


def _live(options: argparse.Namespace) -> int:
    from genre_lib.batch.live_log import live_log
    from genre_lib.cli.live_view import live_view
    from genre_lib.inference.live_listener import LiveListener
    from genre_lib.inference.model import load_model

    _check(options)
    listener = LiveListener(load_model(options.model), steadiness_s=options.steadiness)
    blocks = _blocks(options, listener.card.front_end.sample_rate)
    # A service manager ends a day of radio with this signal; the log is to be whole then.
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with ExitStack() as resources:
            log = resources.enter_context(live_log(options.log, listener.card)) if options.log else None
            bars = not options.plain and _has_rich() and sys.stdout.isatty()
            show = resources.enter_context(live_view(bars=bars, say=lambda line: print(line, flush=True)))
            # Within: the log's last rows, and its end, come after an interrupt too.
            with suppress(KeyboardInterrupt):
                for block in blocks:
                    settled = listener.hear(block)
                    if log is not None:
                        log.add(settled, listener.heard_s)
                    show(listener)
            if log is not None:
                log.add(listener.recent(), listener.heard_s)
    finally:
        signal.signal(signal.SIGTERM, previous)
    if listener.now is None:
        say_error(f"Only {listener.heard_s:.1f} s of sound came: the model needs {listener.card.minimum_s:.1f} s.")
        return 1
    _say_whole(listener)
    return 0


def _check(options: argparse.Namespace) -> None:
    from genre_lib.audio.live_sources import is_address

    if options.rate is not None and (options.source != "-" or options.rate < 1000):
        raise ParameterError("--rate is for samples on standard input, in Hz from 1000 on: genre live - --rate 44100.")
    if options.device is not None and options.source is not None:
        raise ParameterError("--device is for the microphone: leave the source out.")
    if options.steadiness is not None and options.steadiness <= 0:
        raise ParameterError(f"--steadiness is {options.steadiness:g}: give seconds above 0.")
    if options.log and Path(options.log).suffix.lower() != ".parquet":
        raise ParameterError(f"--log {options.log} is no Parquet file: let its name end in .parquet.")
    source = options.source
    if source not in (None, "-") and not is_address(source) and not Path(source).is_file():
        there = "is a folder" if Path(source).is_dir() else "is a pipe" if Path(source).exists() else "does not exist"
        raise ParameterError(f"{source} {there}: give a file, a stream's address, or - for standard input.")


def _blocks(options: argparse.Namespace, rate: int) -> Iterator[NDArray[np.float32]]:
    from genre_lib.audio.live_sources import ffmpeg_blocks, is_address, microphone_blocks, pcm_blocks, reconnecting

    if options.source is None:
        return microphone_blocks(rate, options.device)
    if options.source == "-":
        return pcm_blocks(sys.stdin.buffer, options.rate or rate, rate)
    if is_address(options.source) and not options.once:
        return reconnecting(lambda: ffmpeg_blocks(options.source, rate), say_error)
    real_time = not options.fast and not is_address(options.source)
    return ffmpeg_blocks(options.source, rate, real_time=real_time)


def _say_whole(listener: Any) -> None:
    from genre_lib.inference.segments import clock
    from genre_lib.inference.words import whole_words

    print(f"{clock(listener.heard_s)} heard: {whole_words(listener.answer())}", flush=True)


def _has_rich() -> bool:
    import importlib.util

    return importlib.util.find_spec("rich") is not None


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt
