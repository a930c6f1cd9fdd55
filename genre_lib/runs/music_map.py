"""The map of a folder of music, for a notebook: what is heard is kept in the run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import plotly.graph_objects as go

from genre_lib.batch.embeddings import Embedded, SongVectors, embed_into
from genre_lib.batch.similarity import SongCollection
from genre_lib.batch.song_map import SongMap
from genre_lib.bundle.resources import resolve
from genre_lib.datasets.opening import open_data_set
from genre_lib.executors import get_executor
from genre_lib.figures.song_map import addresses, song_map
from genre_lib.inference.model import GenreModel
from genre_lib.runs.run_folder import Run

TABLE = "songs.parquet"


def embed_music(
    run: Run, music: str, model: GenreModel, *, executor: str = "serial", report: Callable[[str], None] = print
) -> Embedded:
    """Hear every recording of a folder into the run's table of vectors; resumed where it was stopped.

    Parameters
    ----------
    run : Run
    music : str
        A folder, or `demo` for the synthesised songs, which are made if they are not there.
    model : GenreModel
    executor : str
        See `genre_lib.executors.get_executor`.
    report : callable
        Gets a sentence for each recording that cannot be used.

    Raises
    ------
    BundleError, ParameterError, MissingDependencyError
        See `genre_lib.batch.embeddings.embed_into`.
    """
    paths: list[Path] = [resolve(music)]
    if music == "demo":
        paths = [track.path for track in open_data_set("demo").tracks if track.path is not None]
    with get_executor(executor) as chosen:
        embedded = embed_into(run.folder / TABLE, paths, model=model.bundle.folder, executor=chosen)
    for result in embedded.failed:
        report(result.error)
    return embedded


def map_of(table: SongVectors, *, dark: bool = False) -> go.Figure:
    """The map as a figure whose dots know where their songs lie; a ParameterError for fewer than three songs."""
    laid = SongMap.of_table(table)
    names = [Path(name).name for name in laid.names]
    sounds = addresses(laid.names)
    return song_map(laid.points, names, laid.genres, laid.states, share=laid.share, sounds=sounds, dark=dark)


def nearest_songs(run: Run, model: GenreModel, song: str = "", n: int = 10) -> list[str]:
    """The songs of the run's table that sound most like one of them, a line each.

    Parameters
    ----------
    run : Run
    model : GenreModel
    song : str
        A recording; none takes the first of the table.
    n : int > 0
    """
    songs = SongCollection.load(run.folder / TABLE, model.card)
    asked = resolve(song) if song else Path(songs.paths[0])
    found = songs.nearest(model.embed(asked).song, n, but=asked)
    lines = [f"{one.similarity:.2f}  {one.name:<18}  {Path(one.path).name}" for one in found]
    return [f"Most like {asked.name}:", *lines]


def summary_of_map(embedded: Embedded, table: SongVectors) -> dict[str, float]:
    """How many songs there are, how many could not be used, and the share of their differences that the map keeps."""
    return {"songs": embedded.n_songs, "skipped": len(embedded.failed), "share_kept": SongMap.of_table(table).share}
