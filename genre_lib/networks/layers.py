"""Small pieces that networks are put together from; each takes and returns Keras tensors."""

from __future__ import annotations

from typing import Any

from genre_lib.networks.tensorflow_setup import keras

layers = keras.layers
Tensor = Any

# Keras's 0.99 needs hundreds of steps to forget its start, more than a short training has; the running average of all
# weights smooths what a faster one lets through.
_NORM_MOMENTUM = 0.9


def log_mel_input(n_mels: int) -> Tensor:
    """The input that every network has: (batch, frames, n_mels) in dB, any number of frames."""
    return keras.Input((None, n_mels), name="log_mel")


def genre_outputs(log_mel: Tensor, step_features: Tensor, n_genres: int, name: str) -> keras.Model:
    """Logits a step, read from `step_features` by one Dense layer, and their mean as the clip's."""
    step_logits = layers.Dense(n_genres, name="step_logits")(step_features)
    clip_logits = layers.GlobalAveragePooling1D(name="clip_logits")(step_logits)
    return keras.Model(log_mel, {"step_logits": step_logits, "clip_logits": clip_logits}, name=name)


def frame_image(log_mel: Tensor, n_mels: int) -> Tensor:
    """(batch, frames, n_mels) as a picture (batch, frames, n_mels, 1)."""
    return layers.Reshape((-1, n_mels, 1), name="frame_image")(log_mel)


def frame_floor(image: Tensor, n_mels: int, range_db: float) -> Tensor:
    """Each frame in dB above a floor `range_db` under its own strongest band, 0 below it.

    What lies under the floor is decided by the recording (its noise, its coding, its bit depth), not by the music.
    """
    peak = layers.MaxPooling2D((1, n_mels), name="frame_peak")(image)
    under_peak = layers.Subtract(name="under_peak")([image, peak])
    return layers.ReLU(name="frame_floor")(layers.Rescaling(1.0, offset=range_db, name="raise")(under_peak))


def level_proof(image: Tensor, n_mels: int) -> tuple[Tensor, Tensor]:
    """Split a picture in dB into its shape (level removed from each frame) and the frames' levels.

    Returns
    -------
    shape : (batch, frames, n_mels, 1)
    level : (batch, frames, 1)
    """
    level = layers.AveragePooling2D((1, n_mels), name="frame_level")(image)
    shape = layers.Subtract(name="frame_shape")([image, level])
    return shape, layers.Reshape((-1, 1), name="level")(level)


def level_change(level: Tensor) -> Tensor:
    """Change of the level from frame to frame: (batch, frames - 1, 1), free of the recording's own level."""
    later = layers.Cropping1D((1, 0), name="later")(level)
    earlier = layers.Cropping1D((0, 1), name="earlier")(level)
    return layers.Subtract(name="level_change")([later, earlier])


def silence_before(tensor: Tensor, n_frames: int, n_bands: tuple[int, int] | None = None, *, name: str) -> Tensor:
    """Zeros before the first frame, and around the bands of a picture: the only padding in a causal network."""
    if n_bands is None:
        return layers.ZeroPadding1D((n_frames, 0), name=name)(tensor)
    return layers.ZeroPadding2D(((n_frames, 0), n_bands), name=name)(tensor)


def norm_relu(tensor: Tensor, name: str) -> Tensor:
    """Batch norm and ReLU."""
    return layers.ReLU(name=f"{name}_relu")(
        layers.BatchNormalization(momentum=_NORM_MOMENTUM, name=f"{name}_norm")(tensor)
    )


def conv_image(
    tensor: Tensor, filters: int, size: int, pool: tuple[int, int], *, name: str, band_stride: int = 1
) -> Tensor:
    """Convolution over frames and bands without padding, max pooling, batch norm, ReLU.

    Pooling comes before the norm, which then has a quarter of the values to work on.
    """
    conv = layers.Conv2D(filters, size, strides=(1, band_stride), use_bias=False, name=f"{name}_conv")
    return norm_relu(layers.MaxPooling2D(pool, name=f"{name}_pool")(conv(tensor)), name)


def dilated_residual(tensor: Tensor, width: int, dilation: int, dropout: float, name: str) -> Tensor:
    """Residual step over time: a dilated convolution of three steps, then one over channels, without padding."""
    change = layers.Conv1D(width, 3, dilation_rate=dilation, use_bias=False, name=f"{name}_conv")(tensor)
    change = norm_relu(change, name)
    change = layers.Conv1D(width, 1, use_bias=False, name=f"{name}_mix")(change)
    change = layers.BatchNormalization(momentum=_NORM_MOMENTUM, name=f"{name}_mix_norm")(change)
    change = layers.Dropout(dropout, name=f"{name}_dropout")(change)
    kept = layers.Cropping1D((dilation, dilation), name=f"{name}_kept")(tensor)
    return layers.ReLU(name=f"{name}_out")(layers.Add(name=f"{name}_add")([kept, change]))
