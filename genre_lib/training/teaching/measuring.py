"""Measuring a bundle's background: what its network makes of general music, of what is none, of what it learnt."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.finding import find_recordings
from genre_lib.bundle.files import Bundle, open_bundle, open_to_change, replaced_bundle, seal
from genre_lib.datasets import load_features, load_tagged_features, open_data_set
from genre_lib.datasets.table import EXCLUDED
from genre_lib.errors import AudioError, DataSetError, ParameterError
from genre_lib.inference.model import GenreModel
from genre_lib.training.non_music import non_music
from genre_lib.training.teaching.background import BACKGROUND, Background, golden_mean
from genre_lib.training.teaching.spans import Floats, spans_of
from genre_lib.utils.atomic import write_text

# Of each piece: enough to know it, few enough for an hour of music to be clustered in seconds.
_SPANS_A_PIECE = 4
_N_SOUNDS, _SOUND_S = 90, 8.0
_FEWEST_SPANS = 200


def write_background(
    folder: str | Path,
    music: Sequence[str | Path],
    *,
    known: Sequence[str | Path] = (),
    report: Callable[[str], None] = lambda _: None,
) -> Bundle:
    """Measure a bundle's background and put it into the bundle.

    Parameters
    ----------
    folder : str or Path
        The bundle.
    music : sequence of str or Path
        Recordings and folders of them, or files of ready spectrograms (`.npz`), of music of every kind.
    known : sequence of str or Path
        Data sets (`genre_lib.datasets.open_data_set`) that the network learnt its genres from.
    report : callable
        Gets a line for each of them.

    Raises
    ------
    ParameterError
        There is too little music.
    DataSetError
        A data set has none of the bundle's genres.
    BundleError
        The bundle tells no features, or is a zip.
    """
    model = GenreModel(open_to_change(folder))
    spans: list[Floats] = []
    names = []
    n_pieces = 0
    for path in map(Path, music):
        before = len(spans)
        spans += [spans_of(features, at_most=_SPANS_A_PIECE) for features in _heard(model, path)]
        names.append(f"{len(spans) - before} pieces of {path.stem}")
        n_pieces += len(spans) - before
        report(names[-1])
    if sum(map(len, spans)) < _FEWEST_SPANS:
        raise ParameterError(f"{n_pieces} pieces are too little music for a background: give a hundred or more.")
    sounds = non_music(_N_SOUNDS, model.card.front_end, duration_s=_SOUND_S, seed=1)
    noise = [spans_of(model.features_from_log_mel(sound), at_most=_SPANS_A_PIECE) for sound in sounds]
    of_genres: dict[str, list[Floats]] = {}
    for source in known:
        heard = _by_genre(model, source)
        names.append(f"{sum(map(len, heard.values()))} clips of known genres of {Path(source).stem}")
        report(names[-1])
        for genre, clips in heard.items():
            of_genres.setdefault(genre, []).extend(clips)
    about = f"{'; '.join(names)}; {len(sounds)} synthetic sounds that are no music"
    background = Background.of_spans(
        np.concatenate(spans),
        np.concatenate(noise),
        golden=golden_mean(model.bundle),
        about=about,
        known={genre: np.concatenate(of_genres[genre]) for genre in model.card.genres if genre in of_genres},
    )
    with replaced_bundle(folder) as draft:
        shutil.copytree(folder, draft, dirs_exist_ok=True)
        write_text(draft / BACKGROUND, background.to_json() + "\n")
        seal(draft, model.card)
    return open_bundle(folder)


def _by_genre(model: GenreModel, source: str | Path) -> dict[str, list[Floats]]:
    """Spans of a data set's clips, those left out that it calls faulty."""
    data_set = open_data_set(str(source))
    kept = data_set.where(lambda track: track.genre in model.card.genres and track.split != EXCLUDED)
    if not kept.tracks:
        raise DataSetError(f"{source} has no clip of a genre that the bundle knows: leave it out.")
    features = load_features(kept, model.card.front_end)
    found: dict[str, list[Floats]] = {}
    for track, log_mel in zip(features.tracks, features.log_mels, strict=True):
        found.setdefault(str(track.genre), []).append(spans_of(model.features_from_log_mel(log_mel)))
    return found


def _heard(model: GenreModel, path: Path) -> Iterator[NDArray[np.float32]]:
    """Step features of each piece; recordings that cannot be used are passed over."""
    if path.suffix.lower() == ".npz":
        for log_mel in load_tagged_features(path).log_mels:
            yield model.features_from_log_mel(log_mel)
        return
    for recording in find_recordings([path]).recordings:
        try:
            embedding = model.embed(recording)
        except AudioError:
            continue
        if not embedding.silent.all():
            yield embedding.step_features[~embedding.silent]
