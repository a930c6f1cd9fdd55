"""Faster training in half precision: matrices in bfloat16, everything else as it was.

Only the layers that multiply matrices compute in bfloat16 (they keep float32 weights); levels, norms, logits and losses
stay in float32, since 8 bits of a decibel are no level. What is saved afterwards is an ordinary float32 network.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from genre_lib.errors import ParameterError

if TYPE_CHECKING:
    import keras

PRECISIONS = ("float32", "bfloat16", "auto")

# Losses are taken of these, so they stay in float32.
_OUTPUTS = ("step_logits", "distilled")


def chosen_precision(precision: str) -> str:
    """float32 or bfloat16; `auto` takes bfloat16 where there is a GPU.

    Raises
    ------
    ParameterError
        For any other name.
    """
    if precision not in PRECISIONS:
        raise ParameterError(f"There is no precision {precision!r}: choose one of {', '.join(PRECISIONS)}.")
    if precision != "auto":
        return precision
    from genre_lib.networks.tensorflow_setup import tf

    return "bfloat16" if tf.config.list_physical_devices("GPU") else "float32"


@contextmanager
def computing_in(network: keras.Model, precision: str) -> Iterator[None]:
    """Let the network's matrix layers compute in a precision, for as long as the context lasts."""
    if chosen_precision(precision) == "float32":
        yield
        return
    layers = [layer for layer in network.layers if hasattr(layer, "kernel") and layer.name not in _OUTPUTS]
    before = [layer.dtype_policy for layer in layers]
    try:
        for layer in layers:
            layer.dtype_policy = "mixed_bfloat16"
        yield
    finally:
        for layer, policy in zip(layers, before, strict=True):
            layer.dtype_policy = policy
