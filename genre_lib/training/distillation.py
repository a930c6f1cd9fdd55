"""Distillation: a network learns from unlabelled music to give what larger taggers say about it.

The taggers were trained on hundreds of thousands of songs; what they tell apart carries over to genres, of which
there are few labelled clips.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.timing import Timing
from genre_lib.training.augmentation import Augmentation


@dataclass(frozen=True)
class DistillationConfig:
    """How much the distillation counts beside the genres.

    Attributes
    ----------
    batch_size : unlabelled excerpts in each batch, beside the labelled ones
    tag_weight : of the cross-entropy with the taggers' tags
    feature_weight : of the squared error in the taggers' standardised features
    label_weight : of the cross-entropy with the labels, in a batch that holds both
    genre_weight : of the cross-entropy with soft labels of each window, where the music has them; with 0 none are made
    clip_genre_weight : of the cross-entropy of a whole excerpt with soft labels of its piece
    augmentation : changes made to the unlabelled excerpts; a stretch is not used, as it would move the windows
    """

    batch_size: int = 22
    tag_weight: float = 0.6
    feature_weight: float = 2.0
    label_weight: float = 2.0
    genre_weight: float = 0.0
    clip_genre_weight: float = 0.0
    augmentation: Augmentation = field(default_factory=Augmentation)


@dataclass(frozen=True)
class DistillationTargets:
    """Music with what taggers said about each window of it; see `genre_lib.training.sources.load_sources`.

    Attributes
    ----------
    log_mels : sequence of np.ndarray [shape=(frames, n_mels), dB]
    tags : np.ndarray [shape=(n, windows, n_tags), range 0 to 1]
    features : np.ndarray [shape=(n, windows, n_features), mean 0, variance 1]
    window_frames : float [frames]
        Length of a window; they follow each other from the first frame on.
    genres : np.ndarray [shape=(n, windows, n_genres)] or None
        Soft labels of each window.
    clip_genres : np.ndarray [shape=(n, n_genres)] or None
        Soft labels of each piece.
    tag_weights : np.ndarray [shape=(n,)] or None
        How much the tags of each piece count; 0 where no tagger said anything. None counts all of them alike.
    feature_weights : np.ndarray [shape=(n, n_features)] or None
        How much each feature of a piece counts; rows sum to 1. None counts all of them alike.
    draw_weights : np.ndarray [shape=(n,)] or None
        How often each piece is drawn against the others. None draws each as often as any other.
    """

    log_mels: Sequence[NDArray[np.float32]]
    tags: NDArray[np.float32]
    features: NDArray[np.float32]
    window_frames: float
    genres: NDArray[np.float32] | None = None
    clip_genres: NDArray[np.float32] | None = None
    tag_weights: NDArray[np.float32] | None = None
    feature_weights: NDArray[np.float32] | None = None
    draw_weights: NDArray[np.float32] | None = None

    @property
    def n_targets(self) -> int:
        """Outputs that the imitating head needs."""
        return self.tags.shape[2] + self.features.shape[2]

    def of_window(self, piece: int, first: int, n_windows: int) -> dict[str, NDArray[np.float32]]:
        """Everything there is to learn from some windows of a piece, by name."""
        span = slice(first, first + n_windows)
        tag_weight = 1.0 if self.tag_weights is None else self.tag_weights[piece]
        alike = np.full(self.features.shape[2], 1.0 / max(self.features.shape[2], 1), np.float32)
        targets = {
            "tags": self.tags[piece, span],
            "features": self.features[piece, span],
            "tag_weights": np.asarray(tag_weight, np.float32),
            "feature_weights": alike if self.feature_weights is None else self.feature_weights[piece],
        }
        if self.genres is not None:
            targets["genres"] = self.genres[piece, span]
        if self.clip_genres is not None:
            targets["clip_genres"] = self.clip_genres[piece]
        return targets


def excerpt_frames(n_windows: int, window_frames: float, timing: Timing) -> int:
    """Frames of an excerpt whose steps cover `n_windows` windows, the last one as well as the others."""
    after = (timing.receptive_field_frames - timing.step_frames) // 2
    return int(np.ceil(n_windows * window_frames)) + max(0, after)


def window_average(n_windows: int, window_frames: float, timing: Timing, n_frames: int) -> NDArray[np.float32]:
    """Weights that average steps to windows: a step counts for the window in which the middle of what it hears lies.

    Returns
    -------
    np.ndarray [shape=(n_windows, n_steps)]
        Rows sum to 1.
    """
    steps = np.arange(timing.n_steps(n_frames))
    middles = steps * timing.step_frames + timing.first_frame + timing.receptive_field_frames / 2
    # The first steps, which have heard little yet, belong to the first window: left alone, they learn to be a constant.
    windows = np.maximum(np.floor(middles / window_frames), 0)
    weights = (windows[None, :] == np.arange(n_windows)[:, None]).astype(np.float32)
    return weights / np.maximum(weights.sum(axis=1, keepdims=True), 1.0)
