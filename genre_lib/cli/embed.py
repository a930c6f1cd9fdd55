"""`genre embed` and `genre similar`: songs as vectors, and those that sound alike."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from genre_lib.audio.files import shown
from genre_lib.cli.options import (
    add_command,
    add_executor_options,
    add_model_option,
    chosen_executor,
    progress,
    refuse_recordings,
    say_error,
)
from genre_lib.errors import AudioError, ParameterError


def add(commands: Any) -> None:
    """Add the commands."""
    embed = add_command(
        commands,
        "embed",
        _embed,
        "what the network hears in each recording, as a table of vectors",
        example="genre embed Music/ --out songs.parquet",
    )
    embed.add_argument("paths", nargs="+", metavar="PATH", help="recordings, or folders of them")
    embed.add_argument("--out", metavar="FILE", required=True, help="Parquet with one row for each recording")
    embed.add_argument("--journal", metavar="FILE", help="where results are kept (default: the output's name.journal)")
    embed.add_argument("--retry", action="store_true", help="hear files again that could not be used before")
    add_model_option(embed)
    add_executor_options(embed)
    similar = add_command(
        commands,
        "similar",
        _similar,
        "the songs of a table of vectors that sound most like one",
        example="genre similar song.mp3 --in songs.parquet",
    )
    similar.add_argument("song", metavar="SONG", help="a recording")
    similar.add_argument("--in", dest="table", metavar="FILE", required=True, help="what `genre embed` wrote")
    similar.add_argument("-n", type=int, default=10, metavar="N", help="how many (default: %(default)s)")
    similar.add_argument("--format", choices=["table", "json"], default="table", help="default: %(default)s")
    add_model_option(similar)


def _embed(options: argparse.Namespace) -> int:
    from genre_lib.batch.embeddings import embed_into

    refuse_recordings(options, "out", "journal")
    with chosen_executor(options) as executor:
        embedded = embed_into(
            options.out,
            options.paths,
            model=options.model,
            journal=options.journal,
            executor=executor,
            retry=options.retry,
            progress=progress("heard"),
        )
    for result in embedded.failed:
        say_error(result.error)
    print(embedded, file=sys.stderr)
    return 1 if embedded.failed else 0


def _similar(options: argparse.Namespace) -> int:
    from genre_lib.batch.predict import model_of_process
    from genre_lib.batch.similarity import SongCollection

    if options.n < 1:
        raise ParameterError(f"-n is {options.n}: give a number from 1 up.")
    model = model_of_process(options.model)
    songs = SongCollection.load(options.table, model.card)
    vector = model.embed(options.song).song
    if not vector.any():
        raise AudioError(f"{options.song} is silent: there is nothing that another song could be like.")
    found = songs.nearest(vector, options.n, but=options.song)
    if options.format == "json":
        for song in found:
            print(json.dumps(asdict(song), ensure_ascii=False))
        return 0
    print(f"{'alike':>5}  {'genre':<18}  file")
    for song in found:
        print(f"{song.similarity:5.2f}  {song.name:<18}  {shown(song.path)}")
    return 0
