"""The network's file: outputs by name, whatever their order, and by rank where it has no names."""

from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from genre_lib.bundle.files import LITERT
from genre_lib.errors import BundleError
from genre_lib.inference.network import LiteRtNetwork


@pytest.fixture
def rewritten(pretrained, tmp_path: Path):
    """Writes the pretrained network with its outputs in another order, or without their names."""

    def write(order: list[str], *, named: bool) -> LiteRtNetwork:
        content = (pretrained.bundle.folder / LITERT).read_bytes()
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
        (signature,) = model.signatureDefs
        places = {entry.name.decode(): entry.tensorIndex for entry in signature.outputs}
        model.subgraphs[0].outputs = [places[name] for name in order]
        if named:
            signature.outputs = [entry for entry in signature.outputs if entry.name.decode() in order]
        else:
            model.signatureDefs = []
        builder = flatbuffers.Builder(len(content))
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        (tmp_path / "model.tflite").write_bytes(builder.Output())
        return LiteRtNetwork(tmp_path / "model.tflite", len(pretrained.card.genres))

    return write


@pytest.mark.parametrize("first", ["clip_logits", "step_features", "step_logits"])
def test_the_order_of_the_outputs_does_not_matter(pretrained, rewritten, rng: np.random.Generator, first: str) -> None:
    log_mel = rng.normal(-40, 10, (60, 128)).astype(np.float32)
    names = ["step_logits", "step_features", "clip_logits"]
    network = rewritten([first, *(name for name in names if name != first)], named=True)
    np.testing.assert_array_equal(network.with_features(log_mel), pretrained._network.with_features(log_mel))


def test_a_file_without_names_has_logits_alone(pretrained, rewritten, rng: np.random.Generator) -> None:
    log_mel = rng.normal(-40, 10, (60, 128)).astype(np.float32)
    network = rewritten(["clip_logits", "step_logits"], named=False)
    np.testing.assert_array_equal(network(log_mel), pretrained._network(log_mel))
    assert network.n_features == 0
    with pytest.raises(BundleError, match="genre model rebuild"):
        network.with_features(log_mel)


def test_logits_and_features_stand_side_by_side(pretrained, rng: np.random.Generator) -> None:
    log_mel = rng.normal(-40, 10, (60, 128)).astype(np.float32)
    both = pretrained._network.with_features(log_mel)
    np.testing.assert_array_equal(both[:, :10], pretrained._network(log_mel))
    assert both.shape[1] == 10 + pretrained.n_features
