"""The shipped model through LiteRT: the same answer however the sound comes in."""

import io
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

import genre_lib
from genre_lib.audio.decoding import load_audio
from genre_lib.errors import AudioError, ParameterError
from genre_lib.inference.network import StepStream
from tests.conftest import write_song


def logits_of(model, log_mel: np.ndarray, block_frames: int) -> np.ndarray:
    steps = StepStream(model._network, model.card.timing, block_frames=block_frames)
    parts = [part for start in range(0, len(log_mel), 7) for part in steps.push(log_mel[start : start + 7])]
    return np.concatenate([*parts, *steps.finish()])


@pytest.mark.parametrize("block_frames", [4, 13, 64])
def test_blocks_give_the_steps_of_the_whole(pretrained, rng: np.random.Generator, block_frames: int) -> None:
    log_mel = rng.normal(-40, 10, (300, pretrained.card.front_end.n_mels)).astype(np.float32)
    whole = pretrained._network(log_mel)
    np.testing.assert_allclose(logits_of(pretrained, log_mel, block_frames), whole, atol=1e-3)


def test_a_file_its_samples_and_its_log_mel_agree(pretrained, song) -> None:
    samples = load_audio(song, 22050)
    front_end = pretrained.card.front_end
    curves = [
        pretrained.curve(song),
        pretrained.curve(str(song)),
        pretrained.curve(samples, 22050),
        pretrained.curve_from_log_mel(front_end.log_mel(samples), front_end.frame_power(samples)),
    ]
    for curve in curves[1:]:
        np.testing.assert_allclose(curve.step_logits, curves[0].step_logits, atol=1e-2)
        np.testing.assert_allclose(curve.times, curves[0].times)
        np.testing.assert_allclose(curve.level, curves[0].level, atol=1e-3)
    assert curves[0].duration_s == pytest.approx(8.0)
    assert len(curves[0].times) == len(curves[0].probabilities) == len(curves[0].state)


@pytest.mark.parametrize("gain_db", [-40, -20, 6])
def test_the_level_does_not_matter(pretrained, song, gain_db: float) -> None:
    samples = load_audio(song, 22050) / 2
    louder = (samples * 10 ** (gain_db / 20)).astype(np.float32)
    there, here = (pretrained.curve(values, 22050).probabilities for values in (louder, samples))
    np.testing.assert_allclose(there, here, atol=0.02)


def test_silence_is_called_silence(pretrained) -> None:
    curve = pretrained.curve(np.zeros(22050 * 5, np.float32), 22050)
    assert curve.answer().state == "silence"
    assert set(curve.state) == {"silence"}
    front_end = pretrained.card.front_end
    assert pretrained.curve_from_log_mel(front_end.log_mel(np.zeros(22050 * 5, np.float32))).answer().state == "silence"


def test_too_short_says_how_much_is_needed(pretrained) -> None:
    with pytest.raises(AudioError, match=r"0\.20 s long: the model needs at least"):
        pretrained.curve(np.ones(4410, np.float32), 22050)


def test_samples_need_a_rate_and_log_mel_the_right_bands(pretrained) -> None:
    with pytest.raises(AudioError, match="sample_rate"):
        pretrained.curve(np.ones(44100, np.float32))
    with pytest.raises(AudioError, match="128"):
        pretrained.curve_from_log_mel(np.zeros((100, 64), np.float32))


def test_threads_may_share_a_model(pretrained, tmp_path) -> None:
    songs = [write_song(tmp_path / f"{seed}.wav", 6 + seed, seed=seed) for seed in range(4)]
    alone = [pretrained.curve(song).step_logits for song in songs]
    together: dict[int, np.ndarray] = {}
    threads = [
        threading.Thread(target=lambda i=i: together.update({i: pretrained.curve(songs[i]).step_logits}))
        for i in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, logits in enumerate(alone):
        np.testing.assert_array_equal(together[i], logits)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_recording(tmp_path) -> None:
    path = tmp_path / "long.flac"
    with soundfile.SoundFile(path, "w", 22050, 1) as file:
        block = np.random.default_rng(0).standard_normal(22050 * 60) * 0.1
        for _ in range(90):
            file.write(block)
    program = (
        "import sys, genre_lib; from benchmarks.measuring import greatest_memory_mb as peak; "
        "model = genre_lib.load_model(); model.curve(sys.argv[1]); before = peak(); "
        "curve = model.curve(sys.argv[2]); print(before, peak(), len(curve.times))"
    )
    short = write_song(tmp_path / "short.wav", 60)
    command = [sys.executable, "-c", program, str(short), str(path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    before, after, n_steps = map(float, answer.stdout.split())
    assert n_steps > 10_000
    assert after - before < 60, "MB more for 90 minutes than for one"


def test_inference_imports_no_tensorflow(song) -> None:
    program = "import sys, genre_lib; genre_lib.load_model().curve(sys.argv[1]); print('tensorflow' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program, str(song)], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


def test_the_public_names_are_there() -> None:
    assert callable(genre_lib.load_model)
    assert genre_lib.__version__


@pytest.mark.parametrize(
    ("source", "word"),
    [
        (["a.wav", "b.wav"], "path of one file"),
        (io.BytesIO(b"RIFF"), "BytesIO"),
        (b"RIFF", "bytes"),
        (None, "NoneType"),
        ((np.zeros(9), 44100), "tuple"),
        (np.zeros(9, complex), "complex128"),
        (np.zeros((2, 44100)), "transpose"),
    ],
)
def test_what_is_no_recording_is_called_by_its_name(pretrained, source: object, word: str) -> None:
    with pytest.raises(AudioError, match=word):
        pretrained.curve(source)


def test_powers_of_other_frames_are_refused(pretrained) -> None:
    with pytest.raises(AudioError, match=r"shape \(3,\)"):
        pretrained.curve_from_log_mel(np.zeros((100, 128)), np.zeros(3))


def test_processes_may_be_given_a_model(pretrained, song) -> None:
    again = pickle.loads(pickle.dumps(pretrained))
    np.testing.assert_array_equal(again.curve(song).step_logits, pretrained.curve(song).step_logits)


@pytest.mark.parametrize("wrong", [{"steadiness_s": 0.0}, {"steadiness_s": -1.0}, {"named_from": 1.5}])
def test_a_belief_beyond_its_range_is_refused(pretrained, song, wrong: dict[str, float]) -> None:
    curve = pretrained.curve(song)
    for asked in (curve.believed, curve.segments):
        with pytest.raises(ParameterError, match=f"{next(iter(wrong))} is"):
            asked(**wrong)
