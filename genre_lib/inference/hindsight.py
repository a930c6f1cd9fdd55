"""What is believed of a recording that was heard whole, and what its path of genres rests on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.belief_settings import BeliefSettings
from genre_lib.inference.belief import Chain, Floats, likelihoods, smoothed, tempered
from genre_lib.inference.pieces import believed_as_pieces

# So that no single step forbids a genre.
LEAST_BELIEF = 1e-6


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


def path_evidence(
    step_logits: NDArray[np.floating[Any]], believed: Floats, settings: BeliefSettings
) -> NDArray[np.floating[Any]]:
    """What speaks for each genre on a path [shape=(n_steps, n_genres)]: the steps, or a belief of pieces.

    Segments of a belief of pieces would contradict it if they came from the steps alone.
    """
    return step_logits if settings.pieces is None else np.log(np.maximum(believed, LEAST_BELIEF))
