"""The one place that imports Keras for training: on the TensorFlow backend, without its start-up noise."""

import os

from genre_lib.utils.quiet import quiet_native_stderr

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


with quiet_native_stderr():
    import keras
    import tensorflow as tf

__all__ = ["keras", "tf"]
