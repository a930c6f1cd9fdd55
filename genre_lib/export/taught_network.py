"""A network with the genres that it was taught: the head's weights become its genre layer, everything else stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from genre_lib.errors import BundleError
from genre_lib.training.teaching.head import Head

if TYPE_CHECKING:
    import keras

# Of networks with clipped logits (`genre_lib.networks.with_clipped_logits`): its layers, from features to logits.
_EVIDENCE, _SCALE = "genre_evidence", "evidence_scale"


def genre_layer(model: keras.Model) -> tuple[Head, float]:
    """The linear map that a network reads its genres with, and how far its logits are clipped (0: not at all).

    Raises
    ------
    BundleError
        The network is built in another way.
    """
    layers = {layer.name: layer for layer in model.layers}
    name, limit = "step_logits", 0.0
    if _EVIDENCE in layers:
        name, limit = _EVIDENCE, 1.0 / float(layers[_SCALE].scale)
    weights = layers[name].get_weights() if name in layers else []
    if "step_features" not in layers or [value.ndim for value in weights] != [2, 1]:
        raise BundleError("The network does not read its genres from a layer step_features: it cannot be taught.")
    kernel, bias = (np.asarray(value, np.float64) for value in weights)
    return Head(kernel, bias), limit


def with_head(model: keras.Model, head: Head) -> keras.Model:
    """The network with other genres, read by `head` in place of its own."""
    from genre_lib.networks.layers import layers

    logits = layers.Dense(len(head.bias), name="step_logits")
    return _finished(model, logits(_features(model)), {logits: head})


def with_more_genres(model: keras.Model, head: Head) -> keras.Model:
    """The network with its own genres as they are, and those of `head` after them."""
    from genre_lib.networks.layers import layers

    taught = layers.Dense(len(head.bias), name="taught_logits")
    known = _without_name(model)
    together = layers.Concatenate(name="step_logits")([known, taught(_features(model))])
    return _finished(model, together, {taught: head})


def _features(model: keras.Model) -> keras.KerasTensor:
    return model.get_layer("step_features").output


def _without_name(model: keras.Model) -> keras.KerasTensor:
    """The network's own logits from its features, by layers of other names: `step_logits` is all of them together."""
    from genre_lib.networks.layers import layers

    head, limit = genre_layer(model)
    evidence = layers.Dense(len(head.bias), name="known_evidence")
    known = evidence(_features(model))
    evidence.set_weights([head.kernel, head.bias])
    if limit:
        known = layers.Rescaling(1.0 / limit, name="known_scale")(known)
        known = layers.Rescaling(limit, name="known_logits")(layers.Activation("tanh", name="known_bend")(known))
    return known


def _finished(model: keras.Model, step_logits: keras.KerasTensor, heads: dict[object, Head]) -> keras.Model:
    from genre_lib.networks.layers import layers
    from genre_lib.networks.tensorflow_setup import keras

    clip_logits = layers.GlobalAveragePooling1D(name="clip_logits")(step_logits)
    made = keras.Model(model.input, {"step_logits": step_logits, "clip_logits": clip_logits}, name=model.name)
    for layer, head in heads.items():
        layer.set_weights([head.kernel, head.bias])  # type: ignore[attr-defined]
    return made
