"""How right a bundle is about one's own labelled music: what it would show of each recording, against the labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from genre_lib.bundle.card import Card
from genre_lib.datasets import DataSet, Track, load_features, open_data_set
from genre_lib.datasets.gtzan import gtzan_name
from genre_lib.errors import AudioError, EvaluationError
from genre_lib.evaluation.intervals import Estimate, proportion
from genre_lib.evaluation.reliability import Reliability, reliability
from genre_lib.evaluation.scores import Evaluation
from genre_lib.evaluation.scores import evaluate as score
from genre_lib.executors import Executor, Progress
from genre_lib.inference.answer import Answer
from genre_lib.inference.curve import GenreCurve
from genre_lib.inference.model import GenreModel, load_model
from genre_lib.utils.json_files import write_json

STATES = ("music", "probable", "mixed", "unsure", "silence")


@dataclass(frozen=True)
class StateShare:
    """How many recordings were answered with a state, and how many of those rightly (None where none was)."""

    state: str
    n: int
    right: Estimate | None


@dataclass(frozen=True)
class BundleEvaluation:
    """What a bundle says about labelled recordings.

    Attributes
    ----------
    evaluation : Evaluation
        Of the mean logits of each recording, as the card's accuracy is: by genre, confusion, seconds heard.
    states : tuple of StateShare
        What is shown of the recordings: `music` is named, `probable` is only ahead.
    reliability : Reliability
        Of the belief that is shown of whole recordings.
    log_loss : float [nat]
        Mean of -log belief in the right genre.
    others : tuple of StateShare
        The same of recordings whose genre the bundle does not know; `music` is then a wrong name.
    skipped : dict of str to str
        Recordings that could not be used, each with one sentence why.
    """

    evaluation: Evaluation
    states: tuple[StateShare, ...]
    reliability: Reliability
    log_loss: float
    others: tuple[StateShare, ...] = ()
    skipped: dict[str, str] | None = None

    def save(self, path: str | Path) -> Path:
        """Write as JSON; returns the path."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, asdict(self) | {"evaluation": self.evaluation.to_dict()})
        return path

    def __str__(self) -> str:
        found = self.evaluation
        lines = [
            f"{found.model} on {found.data_set} ({found.split})",
            f"right      {found.accuracy}, {found.accuracy.method}",
            f"calibrated to {self.reliability.ece:.3f} (ECE; {self.reliability.ece_by_chance:.3f} is chance), "
            f"log loss {self.log_loss:.2f} nat",
            "",
            *_lines_of_states("shown", self.states),
            *_lines_of_states("of genres that it does not know", self.others),
            "",
            f"{'genre':<20} {'recall':>24} {'precision':>24}",
        ]
        for each in found.per_genre:
            if each.n_clips or each.n_named:
                lines.append(f"{each.genre:<20} {_spelt(each.recall):>24} {_spelt(each.precision):>24}")
        lines += [f"note: {note}" for note in found.notes]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"BundleEvaluation({self.evaluation.model} on {self.evaluation.data_set}: {self.evaluation.accuracy})"


def evaluate(
    bundle: str | Path | GenreModel | None,
    data: str | Path | DataSet,
    *,
    split: str = "",
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> BundleEvaluation:
    """Measure a bundle on labelled music.

    Parameters
    ----------
    bundle : str, Path, GenreModel or None
        A bundle's folder, or a loaded model; None is the pretrained one.
    data : str, Path or DataSet
        A folder with a folder per genre, or what else `genre_lib.datasets.open_data_set` opens. Genres are told apart
        by letters and digits alone: `Hip-Hop` is `hiphop`.
    split : str
        One part of the data set; by default everything that is not excluded.
    executor : Executor, optional
        Who listens; by default this process.
    progress : callable, optional
        Called with (recordings done, recordings in all).

    Raises
    ------
    BundleError, DataSetError
        The bundle or the data set cannot be opened.
    EvaluationError
        No recording is of a genre that the bundle knows.

    Examples
    --------
    >>> import genre_lib
    >>> from genre_lib.datasets import DataSet, Track
    >>> model = genre_lib.load_model()
    >>> noises = list(np.random.default_rng(0).normal(-40, 9, (2, 80, 128)))
    >>> tracks = (Track("a", genre="Hip-Hop"), Track("b", genre="jazz"))
    >>> music = DataSet("two noises", tracks, ("Hip-Hop", "jazz"), (), noises, model.card.front_end)
    >>> genre_lib.evaluate(model, music).evaluation.accuracy.n
    2
    """
    model = bundle if isinstance(bundle, GenreModel) else load_model(bundle)
    data_set = data if isinstance(data, DataSet) else open_data_set(data)
    data_set = data_set.subset(split) if split else data_set.where(lambda track: track.genre is not None)
    tracks, curves, skipped = _heard(model, data_set, executor, progress)
    index = {_key(genre): number for number, genre in enumerate(model.card.genres)}
    known = [i for i, track in enumerate(tracks) if _key(track.genre or "") in index]
    if not known:
        raise EvaluationError(
            f"No recording of {data_set.name} is of a genre of {model.card.name}: name the folders as the model "
            f"names its genres ({', '.join(model.card.genres)})."
        )
    labels = np.array([index[_key(tracks[i].genre or "")] for i in known])
    of_known = [curves[i] for i in known]
    groups = _groups([tracks[i] for i in known])
    answers = [curve.answer() for curve in of_known]
    beliefs = np.array([list(answer.probabilities.values()) for answer in answers])
    rest = [curves[i].answer() for i in sorted(set(range(len(tracks))) - set(known))]
    timing, front_end = model.card.timing, model.card.front_end
    evaluation = score(
        [curve.step_logits[~curve.silent] for curve in of_known],
        labels,
        genres=model.card.genres,
        data_set=data_set.name,
        split=split or "everything",
        step_period_s=model.card.step_period_s,
        first_step_s=front_end.n_samples(timing.first_frame + timing.receptive_field_frames) / front_end.sample_rate,
        model=f"{model.card.name} {model.card.version}",
        names=[tracks[i].name for i in known],
        groups=groups,
        notes=_notes(model.card, data_set, split, len(rest), len(skipped)),
    )
    return BundleEvaluation(
        evaluation,
        _states(answers, np.argmax(beliefs, axis=1) == labels, groups),
        reliability(beliefs, labels),
        float(-np.log(np.maximum(beliefs[np.arange(len(labels)), labels], 1e-12)).mean()),
        _states(rest, np.zeros(len(rest), bool), None) if rest else (),
        skipped,
    )


def _heard(
    model: GenreModel, data_set: DataSet, executor: Executor | None, progress: Progress | None
) -> tuple[list[Track], list[GenreCurve], dict[str, str]]:
    """Tracks with their curves, and why others have none."""
    found: dict[int, GenreCurve] = {}
    skipped: dict[str, str] = {}

    def keep(index: int, heard: GenreCurve | str) -> None:
        if isinstance(heard, str):
            skipped[data_set.tracks[index].name] = heard
        elif heard.silent.all():
            skipped[data_set.tracks[index].name] = f"{data_set.tracks[index].name} is silent."
        else:
            found[index] = heard

    if data_set.log_mels is not None:
        for index, log_mel in enumerate(load_features(data_set, model.card.front_end).log_mels):
            keep(index, model.curve_from_log_mel(log_mel))
            if progress is not None:
                progress(index + 1, len(data_set))
    elif executor is None:
        for index, track in enumerate(data_set.tracks):
            keep(index, _curve(track.path, model))
            if progress is not None:
                progress(index + 1, len(data_set))
    else:
        listen = partial(_curve_of_process, folder=model.bundle.folder)
        for outcome in executor.map(listen, [track.path for track in data_set.tracks], progress=progress):
            if outcome.failure is not None:
                keep(outcome.index, outcome.failure.message)
            elif outcome.value is not None:
                keep(outcome.index, outcome.value)
    kept = sorted(found)
    return [data_set.tracks[i] for i in kept], [found[i] for i in kept], skipped


def _curve(path: Path | None, model: GenreModel) -> GenreCurve | str:
    assert path is not None
    try:
        return model.curve(path)
    except AudioError as error:
        return str(error)


def _curve_of_process(path: Path | None, folder: Path) -> GenreCurve | str:
    return _curve(path, _model_of_process(folder))


@lru_cache(maxsize=1)
def _model_of_process(folder: Path) -> GenreModel:
    return load_model(folder)


def _key(genre: str) -> str:
    return "".join(letter for letter in genre.casefold() if letter.isalnum())


def _groups(tracks: Sequence[Track]) -> list[str] | None:
    if all(track.group is None for track in tracks):
        return None
    return [track.group or f"track {track.name}" for track in tracks]


def _states(answers: Sequence[Answer], right: Any, groups: Sequence[str] | None) -> tuple[StateShare, ...]:
    states = np.array([answer.state for answer in answers])
    shares = []
    for state in STATES:
        here = np.flatnonzero(states == state)
        if len(here):
            of_here = None if groups is None else [groups[i] for i in here]
            shares.append(StateShare(state, len(here), proportion(np.asarray(right)[here], of_here)))
    return tuple(shares)


def _notes(card: Card, data_set: DataSet, split: str, n_others: int, n_skipped: int) -> list[str]:
    notes = list(data_set.notes)
    if _was_learnt(card, data_set, split):
        notes.append(f"{card.name} was trained on parts of {data_set.name}: what it says of them is no test.")
    if n_others:
        notes.append(
            f"{n_others} recordings are of genres that {card.name} does not know; they count in `others` alone."
        )
    if n_skipped:
        notes.append(f"{n_skipped} recordings could not be used.")
    return notes


def _was_learnt(card: Card, data_set: DataSet, split: str) -> bool:
    """Whether a network may have learnt these tracks: of a data set of that name or, however it is called, GTZAN."""
    learnt = str(card.training.get("data_set", ""))
    parts = str(card.training.get("trained_on", ""))
    if split and parts.startswith("train") and split not in parts:
        return False
    of_gtzan = learnt.startswith("gtzan") and any(gtzan_name(track.name) for track in data_set.tracks)
    return of_gtzan or learnt == data_set.name


def _lines_of_states(title: str, shares: Sequence[StateShare]) -> list[str]:
    total = sum(share.n for share in shares)
    lines = [f"{title:<32}   share   right"] if shares else []
    for share in shares:
        right = (
            "" if share.right is None else f"{share.right.value:.2f} [{share.right.low:.2f}, {share.right.high:.2f}]"
        )
        lines.append(f"  {share.state:<20} {share.n:>8} {100 * share.n / total:>5.0f} %   {right}")
    return lines


def _spelt(estimate: Estimate | None) -> str:
    return (
        "-" if estimate is None else f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}] {estimate.n:>4}"
    )
