"""Distillation: a network learns from unlabelled music to give what larger taggers say about it.

The taggers were trained on hundreds of thousands of songs; what they tell apart carries over to genres, of which
there are few labelled clips.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.front_end import FrontEnd
from genre_lib.bundle.timing import Timing
from genre_lib.datasets import load_tagged_features
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
    genre_weight : of the cross-entropy with genre soft_labels of a teacher, where the distillation holds them
    augmentation : changes made to the unlabelled excerpts; a stretch is not used, as it would move the windows
    """

    batch_size: int = 22
    tag_weight: float = 0.6
    feature_weight: float = 2.0
    label_weight: float = 2.0
    genre_weight: float = 0.0
    augmentation: Augmentation = field(default_factory=Augmentation)


@dataclass(frozen=True)
class DistillationTargets:
    """Unlabelled music with what the taggers said about each window of it.

    Attributes
    ----------
    log_mels : sequence of np.ndarray [shape=(frames, n_mels), dB]
    tags : np.ndarray [shape=(n, windows, n_tags), range 0 to 1]
    features : np.ndarray [shape=(n, windows, n_features), mean 0, variance 1]
    window_frames : float [frames]
        Length of a window; they follow each other from the first frame on.
    genres : np.ndarray [shape=(n, windows, n_genres)] or None
        Beliefs of a teacher that knows the genres.
    """

    log_mels: Sequence[NDArray[np.float32]]
    tags: NDArray[np.float32]
    features: NDArray[np.float32]
    window_frames: float
    genres: NDArray[np.float32] | None = None

    @property
    def n_targets(self) -> int:
        """Outputs that the imitating head needs."""
        return self.tags.shape[2] + self.features.shape[2]


def load_tagger_outputs(path: str | Path) -> DistillationTargets:
    """Read unlabelled spectrograms with the outputs of the two musicnn taggers; features are standardised.

    Raises
    ------
    DataSetError
        Where the file is absent or lacks an array.

    References
    ----------
    J. Pons, X. Serra: "musicnn: pre-trained convolutional neural networks for music audio tagging", ISMIR-LBD 2019.
    """
    music = load_tagged_features(path)
    tags, features = (
        np.concatenate([np.asarray(music.targets[f"{tagger}_{kind}"], np.float32) for tagger in ("msd", "mtt")], axis=2)
        for kind in ("tags", "penultimate")
    )
    spread = features.std(axis=(0, 1)) + 1e-3
    return DistillationTargets(
        log_mels=music.log_mels,
        tags=1.0 / (1.0 + np.exp(-tags)),
        features=(features - features.mean(axis=(0, 1))) / spread,
        window_frames=music.window_s / FrontEnd().frame_period_s,
    )


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
    windows = np.floor(middles / window_frames)
    weights = (windows[None, :] == np.arange(n_windows)[:, None]).astype(np.float32)
    return weights / np.maximum(weights.sum(axis=1, keepdims=True), 1.0)
