"""Which neurons fire at a moment of a song: what a player shows beside the genre curve."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.filters.activation_extractor import ActivationExtractor
from genre_lib.filters.record import EXTRACTOR, Filters, Neuron


@dataclass(frozen=True)
class ActiveUnit:
    """A neuron at a moment.

    Attributes
    ----------
    neuron : Neuron
        With its excerpts, sound and picture.
    activation : float
    strength : float
        Activation over that of the neuron's best excerpt: 1 is as strong as anything in the data set.
    heard_s : tuple of (float, float)
        What the neuron heard of the song [s].
    """

    neuron: Neuron
    activation: float
    strength: float
    heard_s: tuple[float, float]


def open_extractor(folder: str | Path, filters: Filters) -> ActivationExtractor:
    """The network behind a folder of filters, for `strongest`; needs LiteRT alone."""
    return ActivationExtractor(Path(folder) / EXTRACTOR, filters.layers)


def strongest(
    extractor: ActivationExtractor,
    filters: Filters,
    log_mel: NDArray[np.floating[Any]],
    time_s: float,
    *,
    n: int = 6,
    layer: str | None = None,
) -> list[ActiveUnit]:
    """The neurons that fire most at a moment, each measured against its own best.

    Parameters
    ----------
    extractor : ActivationExtractor
    filters : Filters
    log_mel : np.ndarray [shape=(n_frames, n_mels), unit=dB]
        Of the whole song; only what the deepest neuron hears around the moment is looked at (milliseconds).
    time_s : float [s]
        Each neuron is read at the step whose hearing ends next after the moment, as when live; at a song's start at
        the first step that hears nothing else.
    n : int > 0
    layer : str, optional
        Neurons of one layer alone.

    Returns
    -------
    list of ActiveUnit
        Strongest first; only neurons with excerpts that fire now.
    """
    front_end = filters.front_end
    heard = max(one.timing.receptive_field_frames for one in extractor.layers)
    grid = int(np.lcm.reduce([one.timing.step_frames for one in extractor.layers]))
    now = round((time_s * front_end.sample_rate - front_end.n_fft) / front_end.hop_length)
    now = min(max(0, now), max(0, len(log_mel) - 1))
    first = max(0, (now - 2 * heard) // grid * grid)
    activations = extractor.activations(np.asarray(log_mel[first : now + 2 * heard], np.float32))
    known = {(neuron.layer, neuron.neuron): neuron for neuron in filters.neurons if neuron.activation}
    active = []
    for one in extractor.layers:
        values = activations[one.name]
        if layer not in (None, one.name) or len(values) <= one.first_whole_step:
            continue
        ends = first + one.frames(0)[1] - 1 + np.arange(len(values)) * one.timing.step_frames
        step = min(int(np.searchsorted(ends, now)), len(values) - 1)
        if first == 0:
            # What is padded before the start excites neurons as no song does: the first that is heard whole.
            step = max(step, one.first_whole_step)
        if step >= one.first_whole_step:
            start, stop = (first + frame for frame in one.frames(step))
            span = (
                max(0, start) * front_end.frame_period_s,
                ((stop - 1) * front_end.hop_length + front_end.n_fft) / front_end.sample_rate,
            )
            for number, value in enumerate(values[step]):
                neuron = known.get((one.name, number))
                if neuron is not None and neuron.activation and value > 0 < neuron.activation:
                    active.append(ActiveUnit(neuron, float(value), float(value / neuron.activation), span))
    return sorted(active, key=lambda one: -one.strength)[:n]
