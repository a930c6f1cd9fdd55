"""The default network: a picture front over frames and bands, then dilated residual steps over time, all causal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

# Frames by which the front shortens its input beyond the fourfold pooling: kernels 5, 3, 3 with pooling 2 and 2.
_FRONT_FRAMES = 16
_STEP_FRAMES = 4
_LEVEL_KERNEL_FRAMES = 5


@dataclass(frozen=True)
class ResidualConfig:
    """Size and regularisation of the default network.

    Attributes
    ----------
    front_filters : channels of the three picture convolutions
    width : channels of the residual steps
    dilations : one residual step each, spreading over ``1 + 2 * dilation`` steps
    spatial_dropout : share of whole channels dropped after the second picture convolution
    dropout : share dropped before and inside the residual steps
    head_dropout : share dropped before the logits
    left_out_bands : highest bands that are not looked at; resamplers and codecs cut there, each at another place
    band_padding : zero bands below the lowest and above the highest
    frame_range_db : floor of each frame under its strongest band; null leaves the floor to the recording [dB]
    scale_db : the level-free input is divided by this [dB]
    """

    front_filters: tuple[int, ...] = (16, 32, 64)
    width: int = 160
    dilations: tuple[int, ...] = (1, 2)
    spatial_dropout: float = 0.0
    dropout: float = 0.1
    head_dropout: float = 0.3
    left_out_bands: int = 4
    band_padding: tuple[int, ...] = (7, 8)
    frame_range_db: float | None = 70.0
    scale_db: float = 20.0

    @property
    def receptive_field_frames(self) -> int:
        """Frames that one step hears."""
        return _FRONT_FRAMES + 2 * sum(self.dilations) * _STEP_FRAMES


def build_residual(config: ResidualConfig, *, n_genres: int, n_mels: int) -> keras.Model:
    """Level-proof picture front, flattened bands, residual steps over time.

    Silence is padded once, before the first frame and after the level was removed; every layer after that is
    unpadded in time. A step is therefore an exact function of the frames it hears, and the first one comes after
    four frames: a file and a live stream give the same numbers.
    """
    from genre_lib.networks import layers as pieces

    layers = pieces.layers
    padding = config.receptive_field_frames - _STEP_FRAMES
    log_mel = pieces.log_mel_input(n_mels)
    n_bands = n_mels - config.left_out_bands
    image = pieces.frame_image(log_mel, n_mels)
    image = layers.Cropping2D(((0, 0), (0, config.left_out_bands)), name="steady_bands")(image)
    if config.frame_range_db is not None:
        image = pieces.frame_floor(image, n_bands, config.frame_range_db)
    image = layers.Rescaling(1 / config.scale_db, name="scale")(image)
    shape, level = pieces.level_proof(image, n_bands)

    low, high = config.band_padding
    shape = pieces.silence_before(shape, padding, (low, high), name="silence_before")
    steps = layers.Conv1D(config.width, 1, use_bias=False, name="bands_to_steps")(_picture_front(shape, config))
    steps = layers.Dropout(config.dropout, name="front_dropout")(pieces.norm_relu(steps, "bands_to_steps"))
    steps = layers.Add(name="front")([steps, _level_steps(level, padding, config.width)])
    for number, dilation in enumerate(config.dilations, start=1):
        steps = pieces.dilated_residual(steps, config.width, dilation, config.dropout, f"residual{number}")
    features = layers.Dropout(config.head_dropout, name="step_features")(steps)
    return pieces.genre_outputs(log_mel, features, n_genres, "residual")


def _picture_front(shape: keras.KerasTensor, config: ResidualConfig) -> keras.KerasTensor:
    """(frames, bands) to (steps, channels): two poolings in time, and bands flattened, not averaged."""
    from genre_lib.networks import layers as pieces

    layers = pieces.layers
    first, second, third = config.front_filters
    image = pieces.conv_image(shape, first, 5, (2, 2), name="front1", band_stride=2)
    image = pieces.conv_image(image, second, 3, (1, 2), name="front2")
    image = layers.SpatialDropout2D(config.spatial_dropout, name="front2_dropout")(image)
    image = pieces.conv_image(image, third, 3, (2, 2), name="front3")
    return layers.Reshape((-1, image.shape[2] * third), name="flat_bands")(image)


def _level_steps(level: keras.KerasTensor, padding: int, width: int) -> keras.KerasTensor:
    """What the change of level adds to each step, read from the middle of the frames that the front sees."""
    from genre_lib.networks import layers as pieces

    layers = pieces.layers
    change = pieces.silence_before(pieces.level_change(level), padding + 1, name="level_silence_before")
    beyond = _FRONT_FRAMES - _LEVEL_KERNEL_FRAMES
    change = layers.Cropping1D((beyond - beyond // 2, beyond // 2), name="level_middle")(change)
    conv = layers.Conv1D(width, _LEVEL_KERNEL_FRAMES, strides=_STEP_FRAMES, activation="relu", name="level_conv")
    return conv(change)
