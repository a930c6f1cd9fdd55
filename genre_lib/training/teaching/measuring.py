"""Measuring a bundle's background: what its network makes of general music and of sounds that are no music."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.finding import find_recordings
from genre_lib.bundle.files import Bundle, open_bundle, seal
from genre_lib.datasets import load_tagged_features
from genre_lib.errors import AudioError, ParameterError
from genre_lib.inference.model import GenreModel, load_model
from genre_lib.training.non_music import non_music
from genre_lib.training.teaching.background import BACKGROUND, Background, golden_mean
from genre_lib.training.teaching.spans import Floats, spans_of
from genre_lib.utils.atomic import replaced_folder, write_text

# Of each piece: enough to know it, few enough for an hour of music to be clustered in seconds.
_SPANS_A_PIECE = 4
_N_SOUNDS, _SOUND_S = 90, 8.0
_FEWEST_SPANS = 200


def write_background(
    folder: str | Path, music: Sequence[str | Path], *, report: Callable[[str], None] = lambda _: None
) -> Bundle:
    """Measure a bundle's background and put it into the bundle.

    Parameters
    ----------
    folder : str or Path
        The bundle.
    music : sequence of str or Path
        Recordings and folders of them, or files of ready spectrograms (`.npz`), of music of every kind.
    report : callable
        Gets a line for each of them.

    Raises
    ------
    ParameterError
        There is too little music.
    BundleError
        The bundle tells no features.
    """
    model = load_model(folder)
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
    about = f"{'; '.join(names)}; {len(sounds)} synthetic sounds that are no music"
    background = Background.of_spans(
        np.concatenate(spans), np.concatenate(noise), golden=golden_mean(model.bundle), about=about
    )
    with replaced_folder(Path(folder)) as draft:
        shutil.copytree(folder, draft, dirs_exist_ok=True)
        write_text(draft / BACKGROUND, background.to_json() + "\n")
        seal(draft, model.card)
    return open_bundle(folder)


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
