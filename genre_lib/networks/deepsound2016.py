"""The network of 2016 that deepsound2018 replaced: convolutions over time, then an LSTM that remembers the past."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Deepsound2016Config:
    """Size of the 2016 network; the defaults are the published ones.

    Attributes
    ----------
    filters : channels of each convolution
    kernel_frames : length of each convolution [frames of its input]
    n_layers : convolutions, each followed by pooling by two
    lstm_units : size of the memory
    dropout : share of values dropped before the logits
    scale_db : the input is divided by this [dB]
    """

    filters: int = 256
    kernel_frames: int = 5
    n_layers: int = 3
    lstm_units: int = 256
    dropout: float = 0.5
    scale_db: float = 20.0


def build_deepsound2016(config: Deepsound2016Config, *, n_genres: int, n_mels: int) -> keras.Model:
    """Three times convolution over time, ReLU and pooling; an LSTM; a Dense layer a step, and the mean.

    What a step says depends on everything before it, not on a window: there is no receptive field that a live stream
    or the page could keep, so that the network can be trained and measured, but not put into a bundle.

    References
    ----------
    P. Kozakowski, B. Michalak: "Music Genre Recognition", deepsound.io, 2016.
    """
    from genre_lib.networks import layers as pieces

    layers = pieces.layers
    log_mel = pieces.log_mel_input(n_mels)
    tensor = layers.Rescaling(1 / config.scale_db, name="scale")(log_mel)
    for number in range(1, config.n_layers + 1):
        tensor = layers.Conv1D(config.filters, config.kernel_frames, activation="relu", name=f"conv{number}")(tensor)
        tensor = layers.MaxPooling1D(2, name=f"pool{number}")(tensor)
    tensor = layers.LSTM(config.lstm_units, return_sequences=True, name="memory")(tensor)
    tensor = layers.Dropout(config.dropout, name="step_features")(tensor)
    return pieces.genre_outputs(log_mel, tensor, n_genres, "deepsound2016")
