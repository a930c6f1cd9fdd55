"""Weights as a TensorFlow.js file stores them."""

import json
from pathlib import Path

import numpy as np

from genre_lib.export.stored_weights import _nearest, stored_weights


def test_a_constant_is_no_match_for_another_one(tmp_path: Path) -> None:
    """The converter writes a scale of one for it, whatever its value is."""
    gain = {"dtype": "uint16", "original_dtype": "float32", "scale": 1.0, "min": 0.9995}
    weights = [{"name": "gain", "shape": [8], "dtype": "float32", "quantization": gain}]
    (tmp_path / "model.json").write_text(json.dumps({"weightsManifest": [{"paths": ["a.bin"], "weights": weights}]}))
    (tmp_path / "a.bin").write_bytes(np.zeros(8, "<u2").tobytes())
    stored = stored_weights(tmp_path)
    assert _nearest(np.zeros(8), stored) is None
    near = _nearest(np.full(8, 0.99949), stored)
    assert near is not None
    np.testing.assert_allclose(near, 0.9995)
