"""What a run's network has learned to hear, and why it says what it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from genre_lib.audio import load_audio
from genre_lib.errors import RunError
from genre_lib.executors import Progress, get_executor
from genre_lib.explanation import Moment, explain_sound
from genre_lib.filters import Filters, find_filters
from genre_lib.front_end import FrontEnd
from genre_lib.pipeline.prepare import about, prepared
from genre_lib.pipeline.train import trained
from genre_lib.runs import Run, resolve

FILTERS = "filters"


def hear_filters(
    run: Run,
    *,
    split: str = "",
    count0: int = 4,
    layers: str = "",
    neurons_at_most: int = 0,
    executor: str = "serial",
    workers: int = 0,
    progress: Callable[[str], Progress | None] | None = None,
) -> Filters:
    """Find the filters of the run's network in its data set, into the run's folder `filters`.

    Parameters
    ----------
    run : Run
        Prepared and trained.
    split : str
        The part to listen to; none is everything.
    count0, progress
        See `genre_lib.filters.find_filters`.
    layers : str
        Names separated by commas; none is all.
    neurons_at_most : int
        The first so many of each layer; 0 is all.
    executor, workers
        See `genre_lib.executors.get_executor`.
    """
    features = prepared(run)
    if split:
        features = features.subset(split)
    names = [name.strip() for name in layers.split(",") if name.strip()]
    with get_executor(executor, workers=workers or None) as pool:
        return find_filters(
            trained(run, final=True),
            features,
            run.folder / FILTERS,
            count0=count0,
            layers=names or None,
            neurons=range(neurons_at_most) if neurons_at_most else None,
            name=f"the network of {run.name}",
            executor=pool,
            progress=progress,
        )


def why(run: Run, song: str = "", *, at_s: float = 5.0, genre: str = "") -> Moment:
    """Explain a moment of a song by the run's network.

    Parameters
    ----------
    run : Run
    song : str
        A recording; by default the first of the run's data set that has one.
    at_s : float [s]
    genre : str
        By default the one believed in most.
    """
    record = about(run)
    front_end = FrontEnd.from_dict(record["front_end"])
    path = resolve(song) if song else _first_recording(run)
    return explain_sound(
        trained(run, final=True),
        load_audio(path, front_end.sample_rate),
        at_s,
        genres=tuple(record["genres"]),
        front_end=front_end,
        genre=genre or None,
    )


def summary_of_filters(filters: Filters, moment: Moment) -> dict[str, Any]:
    """The filters' numbers for metrics.json."""
    known = [neuron.specialisation for neuron in filters.neurons if neuron.specialisation is not None]
    one = moment.explanation
    return {
        "neurons": len(filters.neurons),
        "dead": len(filters.dead),
        "mean_specialisation": round(sum(known) / len(known), 4) if known else None,
        "explained": {"genre": one.genre, "belief": one.belief, "completeness_error": one.completeness_error},
    }


def _first_recording(run: Run) -> Path:
    for track in prepared(run).tracks:
        if track.path is not None:
            return track.path
    raise RunError("This run's data set holds spectrograms alone: name a recording (song) to explain a moment of it.")
