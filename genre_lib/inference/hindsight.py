"""What is believed of a recording that was heard whole."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.belief_settings import BeliefSettings
from genre_lib.inference.belief import Chain, Floats, likelihoods, smoothed, tempered
from genre_lib.inference.pieces import believed_as_pieces


def in_hindsight(
    step_logits: NDArray[np.floating[Any]],
    silent: NDArray[np.bool_],
    settings: BeliefSettings,
    *,
    step_period_s: float,
) -> Floats:
    """Belief at each step given all of them, as pieces or, where a card has none, by the chain.

    Parameters
    ----------
    step_logits : np.ndarray [shape=(n_steps, n_genres)]
    silent : np.ndarray of bool [shape=(n_steps,)]
    settings : BeliefSettings
    step_period_s : float > 0 [s]

    Returns
    -------
    np.ndarray [shape=(n_steps, n_genres)]
    """
    if settings.pieces is not None:
        return believed_as_pieces(step_logits, silent, settings.pieces, step_period_s=step_period_s)
    chain = Chain(settings, n_genres=step_logits.shape[1], step_period_s=step_period_s)
    return tempered(
        smoothed(likelihoods(step_logits, silent, settings.evidence_weight.file), chain), settings.temperatures.file
    )
