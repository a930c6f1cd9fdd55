"""`genre playlist`: songs of a genre, or a way from one genre to another, as a playlist."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from genre_lib.cli.options import add_command, say_error
from genre_lib.cli.tag import add_hearing, find, heard, journal_of
from genre_lib.errors import ParameterError


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "playlist",
        _playlist,
        "make a playlist of a genre, or of a way from one genre to another",
        example="genre playlist Music/ --genre jazz --min .7 --out jazz.m3u8",
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", help="music files, or folders of them")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--genre", metavar="NAME", help="songs of this genre, those that are it the longest first")
    which.add_argument("--from-to", nargs=2, metavar=("FIRST", "LAST"), help="a way from one genre to another")
    parser.add_argument(
        "--min", type=float, default=0.7, metavar="SHARE", help="of a song's time, for --genre (default: %(default)s)"
    )
    parser.add_argument("--length", type=int, metavar="N", help="songs at most (default: all, or 20 for --from-to)")
    parser.add_argument("--out", metavar="FILE.m3u8", help="write there instead of to standard output")
    add_hearing(parser)


def _playlist(options: argparse.Namespace) -> int:
    from genre_lib.batch.predict import Prediction
    from genre_lib.batch.tagging import heard_in
    from genre_lib.batch.tagging.playlist import Song, by_genre, path_between, to_m3u8
    from genre_lib.utils.atomic import replaced_file

    if options.length is not None and options.length < 1:
        raise ParameterError(f"--length is {options.length}: give a number from 1 up.")
    recordings, unusable = find(options.paths)
    songs, n_failed = [], len(unusable)
    with ExitStack() as resources:
        journal = journal_of(options, resources, default=True)
        for result in heard(options, resources, recordings, journal):
            if isinstance(result, Prediction):
                songs.append(Song(result.path, heard_in(result.curve)))
            else:
                n_failed += 1
                say_error(result.error)
    if options.genre is not None:
        chosen = by_genre(songs, options.genre, least_share=options.min)[: options.length]
    else:
        chosen = path_between(songs, *options.from_to, length=options.length or 20)
    lines = "".join(f"{line}\n" for line in to_m3u8(chosen, Path(options.out).parent if options.out else Path()))
    if options.out is None:
        print(lines, end="")
    else:
        try:
            with replaced_file(options.out) as draft:
                draft.write_text(lines, "utf-8")
        except OSError as error:
            raise ParameterError(f"{options.out} cannot be written ({error.strerror}): choose another file.") from error
    print(f"{len(chosen)} of {len(songs)} songs", file=sys.stderr)
    return 1 if n_failed else 0
