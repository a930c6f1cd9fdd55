"""Teaching a bundle genres of one's own: a folder of songs for each genre in, an ordinary bundle out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.files import named
from genre_lib.bundle.belief_settings import BeliefSettings, LiveAndFile
from genre_lib.bundle.card import BySpan, Card
from genre_lib.bundle.files import KERAS, check_place
from genre_lib.bundle.names import model_name
from genre_lib.datasets import DataSet, load_features, open_data_set
from genre_lib.datasets.genre_folders import open_folder
from genre_lib.errors import AudioError, DataSetError
from genre_lib.evaluation.scores import Evaluation, evaluate
from genre_lib.export.taught_network import genre_layer, with_head, with_more_genres
from genre_lib.export.write_bundle import write_bundle
from genre_lib.inference.model import GenreModel, load_model
from genre_lib.networks.keras_files import load_keras
from genre_lib.training.teaching.background import BACKGROUND, Background
from genre_lib.training.teaching.head import Head, bent, fit_head
from genre_lib.training.teaching.left_out import left_out
from genre_lib.training.teaching.spans import Floats, spans_of
from genre_lib.training.teaching.temperature import Temperature, fit_temperature

NONE = "none of these"

LIMITS = (
    "It was taught with few songs: what else they have in common (an album's sound, a singer) is taken for the genre.",
    "Music that is near to the taught songs is named after them, whatever it is called elsewhere.",
    "Not for decisions about people, their work or their pay.",
)


@dataclass(frozen=True, eq=False)
class Songs:
    """What the network hears in the songs to learn from.

    Attributes
    ----------
    data_set : DataSet
        The songs that could be used.
    steps : list of np.ndarray [shape=(n_steps, n_features)]
        Without silent ones.
    skipped : tuple of str
        A sentence for each song that could not, or not as a whole.
    known : tuple of str
        Genres that stay: songs of these are examples of what no new genre may claim.
    """

    data_set: DataSet
    steps: list[NDArray[np.float32]]
    skipped: tuple[str, ...] = ()
    known: tuple[str, ...] = ()

    @property
    def groups(self) -> tuple[str, ...]:
        """The artist of each song, or the song itself."""
        return self.data_set.groups()

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres to learn; songs in a folder "none of these" are examples of what is none of them."""
        there = {NONE, *(genre.casefold() for genre in self.known)}
        return tuple(genre for genre in self.data_set.genres if genre.casefold() not in there)

    @property
    def labels(self) -> NDArray[np.int64]:
        """Index of each song's genre: the new ones, none of these, those that are known [shape=(n_songs,)]."""
        names = (*self.genres, NONE, *(genre.casefold() for genre in self.known))
        told = [str(track.genre) for track in self.data_set.tracks]
        return np.array([names.index(name if name in self.genres else name.casefold()) for name in told], np.int64)


@dataclass(frozen=True, eq=False)
class Taught:
    """What was learnt, before it is written into a network.

    Attributes
    ----------
    head : Head
        Of the new genres and of none of these.
    temperature : Temperature
    evaluation : Evaluation or None
        By songs that were left out; None where none could be.
    """

    head: Head
    temperature: Temperature
    evaluation: Evaluation | None


def teach(
    data: str | Path | DataSet,
    out: str | Path,
    *,
    base: str | Path | GenreModel | None = None,
    add: bool = False,
    name: str = "",
    version: str = "1.0.0",
    report: Callable[[str], None] = lambda _: None,
) -> GenreModel:
    """Teach a bundle new genres from a few songs each.

    The network stays as it is; a linear head on its step features learns the genres, and with them what is none of
    them, from the bundle's background of other sounds.

    Parameters
    ----------
    data : str, Path or DataSet
        A folder with a folder per genre, or another data set; three songs a genre are enough to begin.
    out : str or Path
        Where the new bundle goes: a new folder, or that of a bundle, which it replaces.
    base : str, Path or GenreModel, optional
        The bundle to teach; by default the pretrained one. Its network has to be one that was trained, not one that
        was taught before.
    add : bool
        Keep the base's genres, and put the new ones after them. Then only what is no music is none of these, and songs
        of a genre that the base knows are examples of what no new genre may claim.
    name : str
        For the card; by default the data set's.
    version : str
    report : callable
        Gets a line now and then.

    Returns
    -------
    GenreModel
        Of the new bundle, which works wherever a bundle works.

    Raises
    ------
    DataSetError
        There is no song of a genre, or of no new genre.
    BundleError
        The base cannot be taught, or has no background.

    Examples
    --------
    A beat under a chord, and clicks over a drone; three songs each:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np, soundfile
    >>> import genre_lib
    >>> here, time = Path(tempfile.mkdtemp()), np.arange(8 * 22050) / 22050
    >>> for number in range(6):
    ...     genre, pitch = ("beat", 220 + 20 * number) if number % 2 else ("drone", 50 + number)
    ...     noise = np.random.default_rng(number).standard_normal(len(time))
    ...     sound = np.exp(-20 * (time % 0.4)) * noise if genre == "beat" else 2 * (np.abs(noise) > 3.3)
    ...     (here / "songs" / genre).mkdir(parents=True, exist_ok=True)
    ...     path = here / "songs" / genre / f"{number}.wav"
    ...     soundfile.write(path, 0.2 * sound + 0.2 * np.sin(2 * np.pi * pitch * time), 22050)
    >>> model = genre_lib.teach(here / "songs", here / "bundle")
    >>> model.card.genres
    ('beat', 'drone', 'none of these')
    >>> model.curve(here / "songs" / "beat" / "1.wav").answer().ranked[0][0]
    'beat'
    """
    # Before anything is learnt: the songs themselves lie in some folder.
    check_place(out)
    model = base if isinstance(base, GenreModel) else load_model(base)
    background = Background.of_bundle(model.bundle)
    network = load_keras(model.bundle.folder / KERAS)
    old, limit = genre_layer(network)
    known = model.card.genres if add else ()
    songs = hear_songs(data, model, known=known)
    new = songs.genres
    if not new:
        raise DataSetError("There is no song of a new genre: add a folder of songs for one.")
    for sentence in (*songs.data_set.notes, *songs.skipped):
        report(sentence)
    report(f"heard {_songs(len(songs.steps))} of {len(new)} genre{'' if len(new) == 1 else 's'}")
    taught = learn(songs, background, model.card, known=known, old=old if add else None, old_limit=limit)
    report(_sentence(taught))
    made = with_more_genres(network, taught.head) if add else with_head(network, taught.head)
    card = _card(model.card, songs, taught, genres=(*known, *new, NONE), name=name, version=version)
    card = replace(card, training=card.training | {"parameters": int(made.count_params())})
    others = {BACKGROUND: (model.bundle.folder / BACKGROUND).read_bytes()}
    # Two bytes a weight are too coarse for some heads learnt from a few songs, and nobody downloads this one.
    return GenreModel(write_bundle(out, made, card, tfjs_weights="float32", others=others))


def hear_songs(data: str | Path | DataSet, model: GenreModel, *, known: tuple[str, ...] = ()) -> Songs:
    """The songs of a data set as step features, beside genres that stay; a DataSetError where a genre has none."""
    data_set = data if isinstance(data, DataSet) else _opened(Path(data))
    data_set = data_set.where(lambda track: track.genre is not None)
    steps: dict[int, NDArray[np.float32]] = {}
    skipped: list[str] = []
    if data_set.log_mels is not None:
        log_mels = load_features(data_set, model.card.front_end).log_mels
        steps = {i: model.features_from_log_mel(log_mel) for i, log_mel in enumerate(log_mels)}
    else:
        for i, track in enumerate(data_set.tracks):
            assert track.path is not None
            try:
                curve, embedding = model.curve_and_embedding(track.path)
            except AudioError as error:
                # The card goes where the bundle goes, and this machine's folders are nobody's business.
                skipped.append(named(str(error), track.path, track.name))
                continue
            if embedding.silent.all():
                skipped.append(f"{track.name} is silent.")
            else:
                steps[i] = embedding.step_features[~embedding.silent]
                if curve.warning:
                    skipped.append(named(curve.warning, track.path, track.name))
    kept = data_set.select(list(steps))
    for genre in data_set.genres:
        if all(track.genre != genre for track in kept.tracks):
            raise DataSetError(f"No song of {genre} can be used: {skipped[0] if skipped else 'there is none.'}")
    return Songs(kept, list(steps.values()), tuple(skipped), known)


def learn(
    songs: Songs,
    background: Background,
    base: Card,
    *,
    known: Sequence[str] = (),
    old: Head | None = None,
    old_limit: float = 0.0,
) -> Taught:
    """Fit the head, and find out with songs left out how right and how sure it may be.

    Parameters
    ----------
    songs : Songs
    background : Background
    base : Card
        Of the bundle that is taught.
    known, old, old_limit
        The genres that stay, if any, and what reads them (`genre_lib.export.taught_network.genre_layer`).
    """
    labels = songs.labels
    spans = [spans_of(steps) for steps in songs.steps]
    n_new = len(songs.genres)

    def fitted(chosen: NDArray[Any]) -> Head:
        kept = [spans[i] for i in chosen]
        return fit_head(kept, labels[chosen].tolist(), n_new, background, old=old, old_limit=old_limit)

    def logits(head: Head, steps: NDArray[np.float32]) -> Floats:
        new = head(steps)
        return new if old is None else np.hstack([bent(old(steps), old_limit), new])

    head = fitted(np.arange(len(labels)))
    held_out: dict[int, Floats] = {}
    for here in left_out(songs.groups, labels):
        others = np.setdiff1d(np.arange(len(labels)), here)
        without = fitted(others)
        held_out |= {int(i): logits(without, songs.steps[i]) for i in here}
    if not held_out:
        return Taught(head, fit_temperature(np.zeros((0, n_new + 1)), labels[:0]), None)
    order = sorted(held_out)
    # Logits of genres that are known come first.
    answered, right = [held_out[i] for i in order], (labels[order] + len(known)) % (len(known) + n_new + 1)
    temperature = fit_temperature(np.array([each.mean(axis=0) for each in answered]) / base.temperatures.clip, right)
    timing, front_end = base.timing, base.front_end
    grouped = any(track.group is not None for track in songs.data_set.tracks)
    evaluation = evaluate(
        answered,
        right,
        genres=(*known, *songs.genres, NONE),
        data_set=songs.data_set.name,
        split="songs left out",
        step_period_s=base.step_period_s,
        first_step_s=front_end.n_samples(timing.first_frame + timing.receptive_field_frames) / front_end.sample_rate,
        names=[songs.data_set.tracks[i].name for i in order],
        groups=[songs.groups[i] for i in order] if grouped else None,
    )
    return Taught(head, temperature, evaluation)


def _opened(path: Path) -> DataSet:
    """A data set; unlike to train, one genre alone is enough to teach."""
    ready = path.is_dir() and any(path.glob("*.npz"))
    return open_folder(path, least=1) if path.is_dir() and not ready else open_data_set(path)


def _card(base: Card, songs: Songs, taught: Taught, *, genres: tuple[str, ...], name: str, version: str) -> Card:
    data_set, temperature = songs.data_set, taught.temperature
    new = songs.genres
    counts = {genre: sum(track.genre == genre for track in data_set.tracks) for genre in data_set.genres}
    found = taught.evaluation
    measured = found.card_metrics()[:2] if found else []
    return replace(
        base,
        name=model_name(name or data_set.name),
        version=version,
        description=f"{base.name} {base.version}, taught {', '.join(new)} with {_songs(len(data_set))}.",
        genres=genres,
        temperatures=BySpan(*(value * temperature.value for value in vars(base.temperatures).values())),
        # Which sizes the base's logits have, and what they mean, was measured on the base's genres.
        by_size=None,
        belief=_belief(base.belief, temperature.value),
        limits=(temperature.sentence, *data_set.notes, *songs.skipped, *LIMITS),
        metrics=tuple(measured),
        report=found.card_report() if found else {},
        training={
            "data_set": data_set.name,
            "data_digest": data_set.digest(),
            "taught_on": counts,
            "trained_on": "taught on frozen features",
            "base": f"{base.name} {base.version}",
            "base_sha256": base.files[KERAS].sha256,
            "temperature": temperature.value,
        },
        files={},
    )


def _belief(settings: BeliefSettings | None, temperature: float) -> BeliefSettings | None:
    """The base's chain for logits that are so many times too sure."""
    if settings is None:
        return None
    weight, path = settings.evidence_weight, settings.path
    return replace(
        settings,
        evidence_weight=LiveAndFile(weight.live / temperature, weight.file / temperature),
        path=replace(path, evidence_weight=path.evidence_weight / temperature),
        newest=settings.newest and replace(settings.newest, least_size=settings.newest.least_size * temperature),
        # Along which pieces differ was measured on the base's genres: what was learnt is believed by the chain.
        pieces=None,
    )


def _songs(n: int) -> str:
    return f"{n} song{'' if n == 1 else 's'}"


def _sentence(taught: Taught) -> str:
    if taught.evaluation is None:
        return f"learnt. {taught.temperature.sentence}"
    return f"learnt; of songs that were left out are right {taught.evaluation.accuracy}. {taught.temperature.sentence}"
