"""Listening: a loaded model (LiteRT), the genre curve, its segments, and files of it. Needs no TensorFlow."""
