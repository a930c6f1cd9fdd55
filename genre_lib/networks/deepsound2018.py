"""The network of 2018, as it was published: the named baseline that every newer one is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Deepsound2018Config:
    """Size of the 2018 network; the defaults are the published ones.

    Attributes
    ----------
    filters : channels of each convolution
    kernel_frames : length of each convolution [frames of its input]
    n_layers : convolutions, each followed by pooling by two
    dropout : share of values dropped after each layer
    scale_db : the input is divided by this [dB]
    """

    filters: int = 256
    kernel_frames: int = 5
    n_layers: int = 3
    dropout: float = 0.5
    scale_db: float = 20.0


def build_deepsound2018(config: Deepsound2018Config, *, n_genres: int, n_mels: int) -> keras.Model:
    """Three times convolution over time, batch norm, ReLU, pooling, dropout; then a Dense layer a step, and the mean.

    The bands are channels, the level of the recording is left in, and nothing is padded.

    References
    ----------
    P. Kozakowski, B. Michalak: "Music Genre Recognition", deepsound.io, 2016-2018.
    """
    from genre_lib.networks import layers as pieces

    layers = pieces.layers
    log_mel = pieces.log_mel_input(n_mels)
    tensor = layers.Rescaling(1 / config.scale_db, name="scale")(log_mel)
    for number in range(1, config.n_layers + 1):
        tensor = layers.Conv1D(config.filters, config.kernel_frames, name=f"conv{number}")(tensor)
        tensor = pieces.norm_relu(tensor, f"conv{number}")
        tensor = layers.MaxPooling1D(2, name=f"pool{number}")(tensor)
        name = "step_features" if number == config.n_layers else f"dropout{number}"
        tensor = layers.Dropout(config.dropout, name=name)(tensor)
    return pieces.genre_outputs(log_mel, tensor, n_genres, "deepsound2018")
