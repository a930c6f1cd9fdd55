"""Embeddings: the numbers that the logits are read from, the same however the sound comes in."""

import subprocess
import sys

import numpy as np

from genre_lib.audio.decoding import load_audio
from genre_lib.bundle.files import GOLDEN
from genre_lib.bundle.golden import Golden
from genre_lib.inference.embedding import Embedding


def test_one_vector_a_step_and_one_for_the_song(pretrained, song) -> None:
    embedding = pretrained.embed(song)
    curve = pretrained.curve(song)
    assert embedding.step_features.shape == (len(curve.times), pretrained.n_features) == (len(curve.times), 160)
    np.testing.assert_array_equal(embedding.times, curve.times)
    np.testing.assert_allclose(embedding.song, embedding.step_features[~curve.silent].mean(axis=0), atol=1e-5)
    assert embedding.duration_s == curve.duration_s


def test_both_answers_at_once_are_those_of_each(pretrained, song) -> None:
    curve, embedding = pretrained.curve_and_embedding(load_audio(song, 22050), 22050)
    np.testing.assert_array_equal(curve.step_logits, pretrained.curve(song).step_logits)
    np.testing.assert_array_equal(embedding.step_features, pretrained.embed(song).step_features)


def test_the_features_are_keras_own(pretrained) -> None:
    golden = Golden.load(pretrained.bundle.folder / GOLDEN)
    assert golden.step_features is not None
    embedding = pretrained.embed(golden.samples, pretrained.card.front_end.sample_rate)
    np.testing.assert_allclose(embedding.step_features, golden.step_features, atol=5e-3)


def test_the_level_of_a_recording_does_not_matter(pretrained, song) -> None:
    samples = load_audio(song, 22050)
    quiet = pretrained.embed((samples * 0.01).astype(np.float32), 22050)
    np.testing.assert_allclose(quiet.step_features, pretrained.embed(samples, 22050).step_features, atol=0.05)


def test_silent_steps_say_nothing_of_the_song(pretrained, song) -> None:
    # Long enough that the ten steps across the end of the music, which hear both, weigh little.
    samples = np.tile(load_audio(song, 22050), 5)
    padded = np.concatenate([samples, np.zeros(60 * 22050, np.float32)])
    alone, with_silence = (pretrained.embed(values, 22050).song for values in (samples, padded))
    assert alone @ with_silence > 0.98 * np.linalg.norm(alone) * np.linalg.norm(with_silence)
    assert not pretrained.embed(np.zeros(10 * 22050, np.float32), 22050).song.any()


def test_a_song_is_the_mean_of_what_is_heard() -> None:
    features = np.array([[1, 2], [3, 4], [100, 100]], np.float32)
    embedding = Embedding(np.arange(3.0), features, np.array([False, False, True]), 1.0)
    np.testing.assert_array_equal(embedding.song, [2, 3])


def test_embedding_needs_no_tensorflow(song) -> None:
    code = (
        "import sys, genre_lib; genre_lib.load_model().embed(sys.argv[1]);"
        "print([name for name in ('tensorflow', 'keras', 'librosa', 'onnx') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code, song], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
