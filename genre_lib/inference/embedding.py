"""What a network hears before it names genres: a vector for every step, and one for the recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Embedding:
    """The numbers that the logits are read from, step by step.

    Two recordings that sound alike to the network have vectors that point the same way, also where no genre fits.

    Attributes
    ----------
    times : np.ndarray [shape=(n_steps,), unit=s]
        Centre of what each step heard.
    step_features : np.ndarray [shape=(n_steps, n_features), dtype=float32]
    silent : np.ndarray of bool [shape=(n_steps,)]
    duration_s : float [s]
    """

    times: NDArray[np.float64]
    step_features: NDArray[np.float32]
    silent: NDArray[np.bool_]
    duration_s: float

    def __repr__(self) -> str:
        n_steps, n_features = self.step_features.shape
        return f"Embedding({self.duration_s:.1f} s, {n_steps} steps of {n_features} features)"

    @property
    def song(self) -> NDArray[np.float32]:
        """The recording as one vector [shape=(n_features,)]: the mean of the steps that are not silent.

        Zeros where all of it is silent.
        """
        heard = self.step_features[~self.silent]
        return heard.mean(axis=0) if len(heard) else np.zeros(self.step_features.shape[1], np.float32)
