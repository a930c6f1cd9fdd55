"""What a run's network has learned to hear, and why it says what it says."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from genre_lib.attribution import Attribution, TimedAttribution, attribute_samples
from genre_lib.attribution.integrated_gradients import attribute_step, step_at
from genre_lib.audio.decoding import load_audio
from genre_lib.audio.front_end import FrontEnd
from genre_lib.bundle.resources import resolve
from genre_lib.executors import Progress, get_executor
from genre_lib.filters import Filters, find_filters
from genre_lib.runs.pipeline.prepare import about, prepared
from genre_lib.runs.pipeline.train import trained
from genre_lib.runs.run_folder import Run

FILTERS = "filters"


def find_run_filters(
    run: Run,
    *,
    part: str = "",
    count0: int = 4,
    layers: str = "",
    neurons_at_most: int = 0,
    executor: str = "serial",
    workers: int = 0,
    scheduler: str = "",
    progress: Callable[[str], Progress | None] | None = None,
) -> Filters:
    """Find the filters of the run's network in its data set, into the run's folder `filters`.

    Parameters
    ----------
    run : Run
        Prepared and trained.
    part : str
        The split to listen to; none is everything.
    count0, progress
        See `genre_lib.filters.find_filters`.
    layers : str
        Names separated by commas; none is all.
    neurons_at_most : int
        The first so many of each layer; 0 is all.
    executor, workers, scheduler
        See `genre_lib.executors.get_executor`.
    """
    features = prepared(run)
    if part:
        features = features.subset(part)
    names = [name.strip() for name in layers.split(",") if name.strip()]
    with get_executor(executor, workers=workers or None, scheduler=scheduler or None) as pool:
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


def why(run: Run, song: str = "", *, at_s: float = 5.0, genre: str = "") -> TimedAttribution | Attribution:
    """Explain a moment of a song by the run's network.

    Parameters
    ----------
    run : Run
    song : str
        A recording; by default the first of the run's data set.
    at_s : float [s]
    genre : str
        By default the one believed in most.

    Returns
    -------
    TimedAttribution or Attribution
        Without sound where the data set holds spectrograms alone.
    """
    record, network = about(run), trained(run, final=True)
    front_end = FrontEnd.from_dict(record["front_end"])
    options: dict[str, Any] = {"genres": tuple(record["genres"]), "front_end": front_end, "genre": genre or None}
    path = resolve(song) if song else _first_recording(run)
    if path is not None:
        samples = load_audio(path, front_end.sample_rate)
        if not song:
            at_s = min(at_s, len(samples) / front_end.sample_rate)
        return attribute_samples(network, samples, at_s, **options)
    log_mel = prepared(run).log_mels[0]
    return attribute_step(network, log_mel, step_at(network, len(log_mel), at_s, front_end), **options)


def attribution_of(found: TimedAttribution | Attribution) -> Attribution:
    """The explanation, with or without sound."""
    return found.attribution if isinstance(found, TimedAttribution) else found


def players(found: TimedAttribution | Attribution) -> Any:
    """Three players: the moment, what of it spoke for the genre, and the rest; a sentence where there is no sound."""
    display: Any = import_module("IPython.display")
    if not isinstance(found, TimedAttribution):
        return display.HTML(
            "There is no sound: this data set holds spectrograms alone. Name a recording (song) to hear it."
        )
    names = ("the moment", "what spoke for it", "the rest")
    rows = [
        f"<p>{name}<br>{display.Audio(samples, rate=found.sample_rate, normalize=False)._repr_html_()}</p>"
        for name, samples in zip(names, found.sounds().values(), strict=True)
    ]
    return display.HTML("".join(rows))


def summary_of_filters(filters: Filters, found: TimedAttribution | Attribution) -> dict[str, Any]:
    """The filters' numbers for metrics.json."""
    known = [neuron.specialisation for neuron in filters.neurons if neuron.specialisation is not None]
    one = attribution_of(found)
    return {
        "neurons": len(filters.neurons),
        "dead": len(filters.dead),
        "mean_specialisation": round(sum(known) / len(known), 4) if known else None,
        "explained": {"genre": one.genre, "belief": one.belief, "completeness_error": one.completeness_error},
    }


def _first_recording(run: Run) -> Path | None:
    return next((track.path for track in prepared(run).tracks if track.path is not None), None)
