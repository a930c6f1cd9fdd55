"""The network that began it: convolutions over time, then the mean, maximum and power of a stretch of time.

As published it pools over a whole clip and has one answer for it. Here the same pooling slides over the recording, a
window of a few seconds at every step, so that the answers are a curve; a clip is their mean, as with every network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Dieleman2014Config:
    """Size of the 2014 network.

    Attributes
    ----------
    filters : channels of each convolution over time
    kernel_frames : length of each convolution [frames of its input]
    pools : pooling after each convolution
    window_steps : steps that are pooled together; ten are about three seconds
    dense_units : size of both dense layers
    dropout : share of values dropped before each dense layer
    scale_db : the input is divided by this [dB]
    """

    filters: int = 256
    kernel_frames: int = 4
    pools: tuple[int, ...] = (2, 2, 1)
    window_steps: int = 10
    dense_units: int = 160
    dropout: float = 0.5
    scale_db: float = 20.0


def build_dieleman2014(config: Dieleman2014Config, *, n_genres: int, n_mels: int) -> keras.Model:
    """Convolutions over time with ReLU and pooling; mean, maximum and power of a sliding window; dense layers a step.

    The published L2 pooling is the root of the power, which the dense layer after it does not need.

    References
    ----------
    S. Dieleman, B. Schrauwen: "End-to-end learning for music audio", ICASSP 2014; S. Dieleman: "Recommending music on
    Spotify with deep learning", 2014 (pooling over time).
    """
    from genre_lib.networks import layers as pieces

    layers = pieces.layers
    log_mel = pieces.log_mel_input(n_mels)
    tensor = layers.Rescaling(1 / config.scale_db, name="scale")(log_mel)
    for number, pool in enumerate(config.pools, start=1):
        tensor = layers.Conv1D(config.filters, config.kernel_frames, activation="relu", name=f"conv{number}")(tensor)
        if pool > 1:
            tensor = layers.MaxPooling1D(pool, name=f"pool{number}")(tensor)
    window = {"pool_size": config.window_steps, "strides": 1}
    power = layers.Multiply(name="square")([tensor, tensor])
    pooled = [
        layers.AveragePooling1D(**window, name="mean_over_time")(tensor),
        layers.MaxPooling1D(**window, name="maximum_over_time")(tensor),
        layers.AveragePooling1D(**window, name="power_over_time")(power),
    ]
    tensor = layers.Concatenate(name="over_time")(pooled)
    for number in (1, 2):
        tensor = layers.Dropout(config.dropout, name=f"dropout{number}")(tensor)
        tensor = layers.Dense(config.dense_units, activation="relu", name=f"dense{number}")(tensor)
    features = layers.Dropout(config.dropout, name="step_features")(tensor)
    return pieces.genre_outputs(log_mel, features, n_genres, "dieleman2014")
