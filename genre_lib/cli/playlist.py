"""`genre playlist`: songs of a genre, songs like another, or a way from one genre to another, as a playlist."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genre_lib.cli.options import add_command, refuse_recordings, say_error
from genre_lib.cli.tag import add_hearing, find, heard, journal_of
from genre_lib.errors import BundleError, ParameterError

if TYPE_CHECKING:
    from genre_lib.batch.tagging.playlist import Song


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "playlist",
        _playlist,
        "make a playlist of a genre, of songs like another, or of a way from one genre to another",
        example="genre playlist Music/ --genre jazz --min .7 --out jazz.m3u8",
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", help="music files, or folders of them")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--genre", metavar="NAME", help="songs of this genre, those that are it the longest first")
    which.add_argument("--like", metavar="SONG", help="a song, and those that sound most like it")
    which.add_argument("--from-to", nargs=2, metavar=("FIRST", "LAST"), help="a way from one genre to another")
    parser.add_argument(
        "--min", type=float, default=0.7, metavar="SHARE", help="of a song's time, for --genre (default: %(default)s)"
    )
    parser.add_argument("--length", type=int, metavar="N", help="songs at most (default: all for --genre, else 20)")
    parser.add_argument("--out", metavar="FILE.m3u8", help="write there instead of to standard output")
    add_hearing(parser)


def _playlist(options: argparse.Namespace) -> int:
    from genre_lib.batch.tagging.playlist import by_genre, like, path_between, to_m3u8

    refuse_recordings(options, "out", "journal")
    if options.length is not None and options.length < 1:
        raise ParameterError(f"--length is {options.length}: give a number from 1 up.")
    recordings, unusable = find(options.paths)
    if options.like is not None:
        recordings = _with_song(recordings, Path(options.like), options.model)
    songs, n_failed = _songs(options, recordings)
    length = options.length or 20
    if options.genre is not None:
        chosen = by_genre(songs, options.genre, least_share=options.min)[: options.length]
    elif options.like is not None:
        song = next((song for song in songs if song.path == recordings[0]), None)
        chosen = [] if song is None else like(songs[1:], song, length=length)
    else:
        chosen = path_between(songs, *options.from_to, length=length)
    folder = Path(options.out).parent if options.out else Path()
    _write("".join(f"{line}\n" for line in to_m3u8(chosen, folder)), options.out)
    print(f"{len(chosen)} of {len(songs)} songs", file=sys.stderr)
    return 1 if unusable or n_failed else 0


def _with_song(recordings: list[Path], song: Path, model: str | None) -> list[Path]:
    """The song first, and the others."""
    from genre_lib.batch.predict import model_of_process

    if not model_of_process(model).n_features:
        raise BundleError("The model tells no features of its steps: use `genre model rebuild` first.")
    return [song, *(path for path in recordings if path.absolute() != song.absolute())]


def _songs(options: argparse.Namespace, recordings: list[Path]) -> tuple[list[Song], int]:
    """What was heard, in the order of `recordings`, and how many could not be."""
    from genre_lib.batch.predict import Prediction
    from genre_lib.batch.tagging import heard_in
    from genre_lib.batch.tagging.playlist import Song

    songs: dict[Path, Song] = {}
    n_failed = 0
    with ExitStack() as resources:
        journal = journal_of(options, resources, default=True)
        for result in heard(options, resources, recordings, journal, with_vector=options.like is not None):
            if isinstance(result, Prediction):
                songs[result.path] = Song(result.path, heard_in(result.curve), result.song_vector)
            else:
                n_failed += 1
                say_error(result.error)
    return [songs[path] for path in recordings if path in songs], n_failed


def _write(text: str, out: str | None) -> None:
    from genre_lib.audio.files import utf8
    from genre_lib.utils.atomic import replaced_file

    if out is None:
        print(utf8(text), end="")
        return
    try:
        with replaced_file(out) as draft:
            # A name in another encoding keeps its bytes: only so it is found.
            draft.write_text(text, "utf-8", errors="surrogateescape")
    except OSError as error:
        raise ParameterError(f"{out} cannot be written ({error.strerror}): choose another file.") from error
