"""A trained network whose steps cannot be surer than they have a right to be.

Training asks for certainty about whole clips only, so that a few steps of each end far out, and no temperature brings
them back without making all the others too doubtful.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from genre_lib.errors import ParameterError

if TYPE_CHECKING:
    import keras


def with_clipped_logits(model: keras.Model, limit: float) -> keras.Model:
    """The same network, its step logits kept by a tanh within `limit` of their mean over the genres.

    Parameters
    ----------
    model : keras.Model
        From `genre_lib.networks.build`; it keeps its own outputs.
    limit : float > 0

    Returns
    -------
    keras.Model
        With the outputs of `build`: ``limit * tanh(centred / limit)`` for each step, and their mean. Standard layers.

    Raises
    ------
    ParameterError
        The limit is not above 0.
    """
    from genre_lib.networks.layers import layers
    from genre_lib.networks.tensorflow_setup import keras

    if not limit > 0:
        raise ParameterError(f"The limit of the logits is {limit}: it must be above 0.")
    read = model.get_layer("step_logits")
    evidence = layers.Dense(read.units, name="genre_evidence")
    clipped = layers.Rescaling(1.0 / limit, name="evidence_scale")(evidence(model.get_layer("step_features").output))
    clipped = layers.Activation("tanh", name="evidence_bend")(clipped)
    step_logits = layers.Rescaling(limit, name="step_logits")(clipped)
    clip_logits = layers.GlobalAveragePooling1D(name="clip_logits")(step_logits)
    # What all genres have in common says nothing about one of them, and would be clipped with the rest.
    kernel, bias = read.get_weights()
    evidence.set_weights([kernel - kernel.mean(axis=1, keepdims=True), bias - np.mean(bias)])
    return keras.Model(model.input, {"step_logits": step_logits, "clip_logits": clip_logits}, name=model.name)
