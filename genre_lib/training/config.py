"""How a network is trained: every number of it, in one frozen configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from genre_lib.errors import ParameterError
from genre_lib.training.augmentation import Augmentation
from genre_lib.training.distillation import DistillationConfig
from genre_lib.training.precision import PRECISIONS
from genre_lib.utils.options import unknown_name

LogMels = Sequence[NDArray[np.float32]]
OPTIMIZERS = ("adamw", "rmsprop")


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained.

    Attributes
    ----------
    epochs : passes over the labelled clips (over the unlabelled ones where none is labelled)
    batch_size : labelled excerpts in a batch
    excerpt_frames : length of an excerpt; with distillation it is what `teacher_windows` need [frames]
    teacher_windows : windows of tagger outputs in an excerpt
    learning_rate : greatest one of a cosine that rises over `warm_up` of all steps and falls to nothing
    warm_up : share of all steps
    optimizer : adamw, or rmsprop as the older networks had it
    weight_decay : of AdamW
    average : decay of the running average of the weights that is kept in the end; 0 keeps the last weights
    label_smoothing : share of belief spread over all genres
    clip_norm : greatest norm of the gradient
    mixup : Beta parameter of mixing pairs of labelled excerpts in power; 0 mixes none
    precision : float32, bfloat16 (matrices only; about a third faster where the processor has it), or auto: bfloat16
        where there is a GPU
    devices : GPUs of this machine that share each batch; auto takes all of them
    seed : of weights, order and augmentation
    patience : epochs without a better loss on the validation clips after which to stop; null never stops early
    augmentation : changes made to labelled excerpts
    distillation : weights of the distillation, used where tagger outputs are given
    """

    epochs: int = 40
    batch_size: int = 32
    excerpt_frames: int = 129
    teacher_windows: int = 3
    learning_rate: float = 2e-3
    warm_up: float = 0.1
    optimizer: str = "adamw"
    weight_decay: float = 0.02
    average: float = 0.995
    label_smoothing: float = 0.1
    clip_norm: float = 2.0
    mixup: float = 0.0
    precision: str = "float32"
    devices: int | str = 1
    seed: int = 0
    patience: int | None = None
    augmentation: Augmentation = field(default_factory=Augmentation)
    distillation: DistillationConfig = field(default_factory=DistillationConfig)

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "excerpt_frames", "teacher_windows"):
            if getattr(self, name) < 1:
                raise ParameterError(f"{name} of the training is {getattr(self, name)}: it must be at least 1.")
        if self.precision not in PRECISIONS:
            raise unknown_name("precision", self.precision, PRECISIONS)
        if self.optimizer not in OPTIMIZERS:
            raise unknown_name("optimizer", self.optimizer, OPTIMIZERS)
        if self.devices != "auto" and (type(self.devices) is not int or self.devices < 1):
            raise ParameterError(
                f"devices of the training is {self.devices!r}: it must be a number from 1 up, or 'auto'."
            )
        for name in ("average", "label_smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise ParameterError(f"{name} of the training must be at least 0 and below 1.")
