"""model.onnx: samples in, the same answers out, with nothing of this package."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from genre_lib.audio.decoding import load_audio
from genre_lib.audio.front_end import FrontEnd
from genre_lib.bundle.files import ONNX
from genre_lib.bundle.resources import pretrained_folder
from genre_lib.export.golden_values import reference_log_mel
from tests.conftest import write_song

onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def session():
    return onnxruntime.InferenceSession(pretrained_folder() / ONNX, providers=["CPUExecutionProvider"])


def test_a_file_gives_the_steps_and_features_of_the_model(pretrained, session, song: Path) -> None:
    samples = load_audio(song, pretrained.card.front_end.sample_rate)
    curve, embedding = pretrained.curve_and_embedding(song)
    steps, clip, features = session.run(["step_logits", "clip_logits", "step_features"], {"samples": samples[None]})
    np.testing.assert_allclose(steps[0], curve.step_logits, atol=2e-3)
    np.testing.assert_allclose(clip[0], curve.step_logits.mean(axis=0), atol=2e-3)
    np.testing.assert_allclose(features[0], embedding.step_features, atol=5e-3)


def test_recordings_of_one_length_are_heard_together(pretrained, session, song: Path, tmp_path: Path) -> None:
    other = write_song(tmp_path / "other.wav", seed=3)
    both = np.stack([load_audio(path, 22050) for path in (song, other)])
    together = session.run(["step_logits"], {"samples": both})[0]
    for samples, steps in zip(both, together, strict=True):
        np.testing.assert_allclose(session.run(["step_logits"], {"samples": samples[None]})[0][0], steps, atol=1e-4)


def test_the_shortest_sound_has_one_step_and_a_shorter_one_is_refused(pretrained, session) -> None:
    shortest = pretrained.card.front_end.n_samples(pretrained.card.timing.minimum_frames)
    sound = np.random.default_rng(0).normal(0, 0.1, (1, shortest)).astype(np.float32)
    assert session.run(["step_logits"], {"samples": sound})[0].shape == (1, 1, len(pretrained.card.genres))
    with pytest.raises(Exception, match=r"(?i)shape|size"):
        session.run(["step_logits"], {"samples": sound[:, :-1]})


@pytest.mark.parametrize("gain_db", [0, -60, -100])
def test_the_front_end_is_librosas_also_where_it_is_quiet(pretrained, session, song: Path, gain_db: float) -> None:
    samples = (load_audio(song, 22050) * 10 ** (gain_db / 20)).astype(np.float32)
    log_mel = session.run(["log_mel"], {"samples": samples[None]})[0][0]
    np.testing.assert_allclose(log_mel, reference_log_mel(samples, pretrained.card.front_end), atol=1e-3)


def test_a_front_end_of_another_shape_is_obeyed(rng: np.random.Generator) -> None:
    from genre_lib.export.onnx import front_end_graph

    front_end = FrontEnd(sample_rate=16000, n_fft=1024, hop_length=1024, n_mels=40, f_min=50.0, f_max=7000.0, amin=1e-9)
    graph = front_end_graph(front_end, front_end.filter_bank())
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    samples = rng.normal(0, 1e-3, 16000).astype(np.float32)
    (log_mel,) = session.run(["log_mel"], {"samples": samples[None]})
    np.testing.assert_allclose(log_mel[0], reference_log_mel(samples, front_end), atol=1e-3)


@pytest.mark.slow
def test_the_same_network_gives_the_same_file(pretrained, tmp_path: Path) -> None:
    from genre_lib.export.onnx import write_onnx
    from genre_lib.networks.keras_files import load_keras

    bundle = pretrained.bundle
    network = load_keras(bundle.folder / "model.keras")
    for name in ("one", "other"):
        write_onnx(tmp_path / name, network, bundle.card.front_end, bundle.filter_bank(), bundle.card.genres)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_the_file_says_its_rate_and_its_genres(pretrained, session) -> None:
    about = session.get_modelmeta().custom_metadata_map
    assert int(about["sample_rate"]) == pretrained.card.front_end.sample_rate
    assert about["genres"] == str(list(pretrained.card.genres)).replace("'", '"')
    assert {output.name: output.shape[-1] for output in session.get_outputs()} == {
        "log_mel": 128, "step_features": 160, "step_logits": 10, "clip_logits": 10,
    }  # fmt: skip


def test_the_documented_lines_name_a_song_without_this_package(pretrained, tmp_path: Path, song: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "onnx.md").read_text(), re.DOTALL)
    folder = tmp_path / "data" / "models" / "gtzan"
    folder.mkdir(parents=True)
    for name in ("model.onnx", "card.json"):
        shutil.copy(pretrained_folder() / name, folder)
    subprocess.run(["ffmpeg", "-v", "error", "-i", song, tmp_path / "song.mp3"], check=True)
    code += "import sys\nassert not [name for name in sys.modules if name.startswith('genre_lib')]\n"
    answer = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    expected = pretrained.curve(tmp_path / "song.mp3").step_logits.mean(axis=0) / pretrained.card.temperatures.clip
    odds = np.exp(expected - expected.max())
    best = int(odds.argmax())
    genre, share = answer.stdout.splitlines()[0].split()
    assert genre == pretrained.card.genres[best]
    assert float(share) == pytest.approx(odds[best] / odds.sum(), abs=0.02)
