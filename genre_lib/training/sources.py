"""Sources of training music beside the labelled clips: files of pieces that taggers heard and whose sources may name.

Each piece teaches what is known of it: what the taggers gave for each of its windows, what they believe of the genres,
and what its source calls it. What is not known of a piece is masked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from genre_lib.audio.front_end import FrontEnd
from genre_lib.bundle.resources import resolve
from genre_lib.datasets import TaggedFeatures, load_tagged_features
from genre_lib.datasets.concatenated import Joined
from genre_lib.errors import DataSetError, ParameterError
from genre_lib.training.audioset import genre_log_scores
from genre_lib.training.distillation import DistillationTargets

# What sources call music that is one of the genres, in small letters. Other tags say nothing about them.
_GENRE_OF_TAG: Mapping[str, str] = {
    "bluegrass": "country", "blues": "blues", "classical": "classical", "country": "country",
    "country & folk": "country", "disco": "disco", "hip hop": "hiphop", "indie pop": "pop",
    "jazz": "jazz", "lo-fi hip hop": "hiphop", "metal": "metal", "pop": "pop", "punk": "rock", "r&b beats": "hiphop",
    "reggae": "reggae", "rock": "rock",
}  # fmt: skip
# Dance music of today is sold as pop, and sounds like disco.
_GENRES_OF_TAG: Mapping[str, Mapping[str, float]] = {"dance": {"pop": 0.7, "disco": 0.3}} | {
    tag: {genre: 1.0} for tag, genre in _GENRE_OF_TAG.items()
}


@dataclass(frozen=True)
class Source:
    """One file of music to learn from; see `genre_lib.datasets.load_tagged_features`.

    Attributes
    ----------
    music : path of spectrograms, with the outputs of taggers
    taggers : path of further outputs for the same pieces
    weight : how often one of its pieces is drawn, against 1
    tag_trust : by tag, or by what a tag rests on (`tag_basis`), the share of belief that the tag takes from the
        taggers; other tags take none
    none_of_these : tags of music that is none of the genres: half of the belief in it is spread over all of them
    """

    music: str
    taggers: str | None = None
    weight: float = 1.0
    tag_trust: Mapping[str, float] = field(default_factory=dict)
    none_of_these: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.weight > 0:
            raise ParameterError(f"weight of the source {self.music} is {self.weight}: it must be above 0.")
        if not all(0 <= share <= 1 for share in self.tag_trust.values()):
            raise ParameterError(f"tag_trust of the source {self.music} must hold shares from 0 to 1.")


@dataclass(frozen=True)
class SoftLabelConfig:
    """How the logarithms of taggers' probabilities become beliefs about genres.

    Taggers are fitted to AudioSet, where metal is rock too and hardly anything is disco: without offsets they name
    the wide genres too often.

    Attributes
    ----------
    slope : of the logarithms
    offsets : added for each genre; 0 where none is given
    window_share : weight of a window's own logarithms, beside those of the whole piece
    balance : from 0, where every piece is drawn as often as any other, to 1, where every genre is
    """

    slope: float = 1.0
    offsets: Mapping[str, float] = field(default_factory=dict)
    window_share: float = 0.5
    balance: float = 0.0


def load_sources(
    sources: Sequence[Source], genres: Sequence[str] = (), config: SoftLabelConfig | None = None
) -> DistillationTargets:
    """Read sources as one: features are standardised over the pieces that have them, the rest is masked.

    Parameters
    ----------
    sources : sequence of Source, at least one
    genres : sequence of str
        In the order of the network's outputs; without any, no soft labels are made, and any taggers will do.
    config : SoftLabelConfig, optional

    Returns
    -------
    DistillationTargets

    Raises
    ------
    DataSetError
        A file cannot be read, names no genres, or has another number of windows than the first one.
    ParameterError
        A genre that the taggers do not know.

    References
    ----------
    J. Pons, X. Serra: "musicnn: pre-trained convolutional neural networks for music audio tagging", ISMIR-LBD 2019.
    F. Schmid, K. Koutini, G. Widmer: "Efficient large-scale audio tagging via transformer-to-CNN knowledge
    distillation", ICASSP 2023 (EfficientAT).
    """
    parts = [
        load_tagged_features(resolve(source.music), None if source.taggers is None else resolve(source.taggers))
        for source in sources
    ]
    tags = [_Output.of(name, parts) for name in _names(parts, ("_tags",))]
    features = [_Output.of(name, parts) for name in _names(parts, ("_penultimate", "_features"))]
    n = sum(map(len, parts))
    known = np.concatenate(
        [np.zeros((n, 0), np.float32)]
        + [np.repeat(output.known[:, None], output.values.shape[2], axis=1) for output in features],
        axis=1,
    )
    targets = DistillationTargets(
        log_mels=Joined(*(part.log_mels for part in parts)),
        tags=_side_by_side([expit(output.values) for output in tags], parts),
        features=_side_by_side([output.standardised() for output in features], parts),
        window_frames=parts[0].window_s / FrontEnd().frame_period_s,
        tag_weights=np.mean([output.known for output in tags], axis=0) if tags else np.zeros(n, np.float32),
        feature_weights=known / np.maximum(known.sum(axis=1, keepdims=True), 1.0),
        draw_weights=np.concatenate(
            [np.full(len(part), source.weight, np.float32) for part, source in zip(parts, sources, strict=True)]
        ),
    )
    if not genres:
        return targets
    labels = [tagger_soft_labels(part, source, genres, config) for part, source in zip(parts, sources, strict=True)]
    windows, clips = (np.concatenate(each) for each in zip(*labels, strict=True))
    assert targets.draw_weights is not None
    rare = (clips / clips.sum(axis=0)).sum(axis=1) ** (config or SoftLabelConfig()).balance
    drawn = (targets.draw_weights * rare).astype(np.float32)
    return replace(targets, genres=windows, clip_genres=clips, draw_weights=drawn)


def tagger_soft_labels(
    music: TaggedFeatures, source: Source, genres: Sequence[str], config: SoftLabelConfig | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Beliefs about the genres of windows and of whole pieces: the taggers', and the source's tag for its share.

    Returns
    -------
    windows : np.ndarray [shape=(n, n_windows, n_genres)]
    clips : np.ndarray [shape=(n, n_genres)]
    """
    config = config or SoftLabelConfig()
    offsets = np.array([config.offsets.get(genre, 0.0) for genre in genres], np.float32)
    logs = config.slope * genre_log_scores(music, genres) + offsets
    whole = logs.mean(axis=1)
    of_windows = softmax(config.window_share * logs + (1.0 - config.window_share) * whole[:, None], axis=-1)
    share, told = _told_by_tags(music, source, genres)
    windows = (1.0 - share[:, None]) * of_windows + (share * told)[:, None]
    clips = (1.0 - share) * softmax(whole, axis=-1) + share * told
    return windows.astype(np.float32), clips.astype(np.float32)


def _told_by_tags(
    music: TaggedFeatures, source: Source, genres: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The share that each piece's tag takes [shape=(n, 1)], and what it says [shape=(n, n_genres)]."""
    share, told = np.zeros((len(music), 1)), np.full((len(music), len(genres)), 1.0 / len(genres))
    for i, (tag, basis) in enumerate(zip(music.genre_tag, music.tag_basis, strict=True)):
        meant = _GENRES_OF_TAG.get(tag.lower(), {})
        if tag in source.none_of_these:
            share[i] = 0.5
        elif meant and all(genre in genres for genre in meant):
            share[i] = source.tag_trust.get(tag, source.tag_trust.get(basis, 0.0))
            told[i] = [meant.get(genre, 0.0) for genre in genres]
    return share, told


@dataclass(frozen=True)
class _Output:
    """One output of a tagger for all pieces; zeros where `known` is 0."""

    values: NDArray[np.float32]
    known: NDArray[np.float32]

    @classmethod
    def of(cls, name: str, parts: Sequence[TaggedFeatures]) -> _Output:
        shapes = {part.outputs[name].shape[1:] for part in parts if name in part.outputs}
        if len(shapes) > 1:
            raise DataSetError(f"The sources hold {name} of different shapes, {sorted(shapes)}: they do not fit.")
        (shape,) = shapes
        return cls(
            np.concatenate([part.outputs.get(name, np.zeros((len(part), *shape), np.float32)) for part in parts]),
            np.concatenate([np.full(len(part), name in part.outputs, np.float32) for part in parts]),
        )

    def standardised(self) -> NDArray[np.float32]:
        """Mean 0 and variance 1 over the pieces that have it."""
        there = self.values[self.known > 0]
        scaled = (self.values - there.mean(axis=(0, 1))) / (there.std(axis=(0, 1)) + 1e-3)
        return (scaled * self.known[:, None, None]).astype(np.float32)


def _names(parts: Sequence[TaggedFeatures], endings: tuple[str, ...]) -> list[str]:
    names = dict.fromkeys(name for part in parts for name in part.outputs)
    return [name for name in names if name.endswith(endings)]


def _side_by_side(values: Sequence[NDArray[np.float32]], parts: Sequence[TaggedFeatures]) -> NDArray[np.float32]:
    n_windows = next(iter(parts[0].outputs.values())).shape[1]
    return np.concatenate([np.zeros((sum(map(len, parts)), n_windows, 0), np.float32), *values], axis=2)
