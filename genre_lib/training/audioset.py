"""What taggers of AudioSet's classes believe about genres.

Only the classes that mean a genre are read: a map from all of their classes, learnt on the few hundred pieces whose
genre is known, names other artists' music worse than this choice does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit

from genre_lib.datasets import TaggedFeatures
from genre_lib.errors import DataSetError, ParameterError

GENRE_CLASSES: Mapping[str, tuple[str, ...]] = {
    "blues": ("Blues",),
    "classical": ("Classical music", "Opera"),
    "country": ("Country",),
    "disco": ("Disco",),
    "hiphop": ("Hip hop music",),
    "jazz": ("Jazz",),
    "metal": ("Heavy metal",),
    "pop": ("Pop music",),
    "reggae": ("Reggae",),
    "rock": ("Rock music", "Punk rock", "Progressive rock", "Rock and roll", "Psychedelic rock"),
}

# The outputs that hold AudioSet's classes: logarithms of probabilities, and logits.
_LOG_SCORES, _LOGITS = "yamnet_log_scores", "mn04_logits"


def genre_log_scores(music: TaggedFeatures, genres: Sequence[str]) -> NDArray[np.float32]:
    """Logarithms of the taggers' probabilities of each genre, averaged over the taggers that are there.

    Of a genre's classes the most probable one counts.

    Returns
    -------
    np.ndarray [shape=(n, n_windows, n_genres)]

    Raises
    ------
    DataSetError
        No such tagger is there, or nothing names its classes.
    ParameterError
        No class of AudioSet stands for a genre.
    """
    for genre in genres:
        if genre not in GENRE_CLASSES:
            raise ParameterError(f"No class of AudioSet stands for {genre!r}: train with genre_weight 0.")
    logs = []
    for name in (_LOG_SCORES, _LOGITS):
        if name in music.outputs:
            scores = music.outputs[name] if name == _LOG_SCORES else log_expit(music.outputs[name])
            classes = _classes_of(name, music)
            logs.append([scores[..., [classes.index(c) for c in GENRE_CLASSES[genre]]].max(-1) for genre in genres])
    if not logs:
        raise DataSetError(f"The music has outputs of {', '.join(music.outputs)} only, which name no genres.")
    return np.moveaxis(np.mean(logs, axis=0), 0, -1).astype(np.float32)


def _classes_of(output: str, music: TaggedFeatures) -> tuple[str, ...]:
    classes = music.classes.get(output.split("_")[0], ())
    if len(classes) != music.outputs[output].shape[2]:
        raise DataSetError(f"The classes of {output} are not named: put their classes.json beside the file.")
    return classes
