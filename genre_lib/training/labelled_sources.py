"""Labelled clips of other music than the data set's, learnt beside it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.front_end import FrontEnd
from genre_lib.bundle.resources import resolve
from genre_lib.datasets import Features, load_features, open_data_set
from genre_lib.errors import DataSetError, ParameterError

# The split that a data set gives to clips whose listeners do not agree about the genre.
DISPUTED = "disputed"


@dataclass(frozen=True)
class LabelledSource:
    """A second labelled data set; see `genre_lib.datasets.open_data_set`.

    Attributes
    ----------
    music : path of the data set
    repeat : how often each of its clips stands in an epoch, > 0
    disputed_trust : share of belief that a disputed label gets, the rest is spread over all genres; from 0 to 1
    """

    music: str
    repeat: int = 1
    disputed_trust: float = 1.0

    def __post_init__(self) -> None:
        if type(self.repeat) is not int or self.repeat < 1:
            raise ParameterError(f"repeat of the labelled source {self.music} is {self.repeat!r}: it must be above 0.")
        if not 0 <= self.disputed_trust <= 1:
            raise ParameterError(f"disputed_trust of the labelled source {self.music} must be from 0 to 1.")

    def features(self, front_end: FrontEnd) -> Features:
        """Its spectrograms.

        Raises
        ------
        DataSetError
            It cannot be read, or was made by another front end.
        """
        place = resolve(self.music)
        features = load_features(open_data_set(str(place) if place.exists() else self.music), front_end)
        if features.data_set.front_end != front_end:
            raise DataSetError(f"{self.music} has another front end than the data set: leave it out.")
        return features


def labelled_clips(
    sources: Sequence[LabelledSource], genres: Sequence[str], front_end: FrontEnd, *, without: Collection[str] = ()
) -> tuple[list[NDArray[np.float32]], NDArray[np.float64]]:
    """The clips of all sources, as often as they are to be learnt.

    Parameters
    ----------
    sources : sequence of LabelledSource
    genres : sequence of str
        In the order of the network's outputs.
    front_end : FrontEnd
        Of the data set that is learnt.
    without : names of clips to leave out

    Returns
    -------
    log_mels : list of np.ndarray [shape=(n_frames, n_mels), dB]
    soft_labels : np.ndarray [shape=(len(log_mels), len(genres))]

    Raises
    ------
    DataSetError
        A source cannot be read, was made by another front end, or has a clip of another genre that is not left out.
    """
    log_mels: list[NDArray[np.float32]] = []
    soft_labels = [np.zeros((0, len(genres)))]
    for source in sources:
        features = source.features(front_end)
        kept = [i for i, track in enumerate(features.tracks) if track.name not in without]
        for track in (features.tracks[i] for i in kept):
            if track.genre not in genres:
                raise DataSetError(
                    f"{track.name} of {source.music} is {track.genre}, not one of the genres: leave it out."
                )
        trust = np.array([source.disputed_trust if features.tracks[i].split == DISPUTED else 1.0 for i in kept])
        certain = np.eye(len(genres))[[genres.index(features.tracks[i].genre) for i in kept]]
        believed = trust[:, None] * certain + (1.0 - trust[:, None]) / len(genres)
        log_mels += [features.log_mels[i] for i in kept] * source.repeat
        soft_labels.append(np.tile(believed, (source.repeat, 1)))
    return log_mels, np.concatenate(soft_labels)
