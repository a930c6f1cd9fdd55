"""Training learns, is the same twice, survives a kill, and imitates."""

import dataclasses
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from genre_lib.errors import ParameterError, RunError
from genre_lib.networks import build
from genre_lib.networks.receptive_field import timing_of
from genre_lib.training.augmentation import Augmentation
from genre_lib.training.batches import Batches
from genre_lib.training.config import TrainingConfig
from genre_lib.training.distillation import DistillationTargets, excerpt_frames, window_average
from genre_lib.training.fit import fit

N_MELS = 32
CONFIG = TrainingConfig(
    epochs=6, batch_size=8, excerpt_frames=40, learning_rate=5e-3, average=0.9,
    augmentation=Augmentation(shift_bands=1, equaliser_db=1.0, time_masks=1, time_mask_share=0.1),
)  # fmt: skip


def tiny_network(seed=3):
    from genre_lib.networks.tensorflow_setup import keras

    keras.utils.set_random_seed(seed)
    return build("residual", n_genres=3, n_mels=N_MELS, width=12, front_filters=(4, 6, 8), dilations=(1,))


def toy_clips(n=24, n_frames=60, seed=0):
    """Three genres, told apart by where their energy lies."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    bands = np.arange(N_MELS)
    log_mels = [
        (rng.normal(-50, 4, (n_frames, N_MELS)) + 30 * (bands // 11 == label)).astype(np.float32) for label in labels
    ]
    return log_mels, labels


def toy_distillation(n=10):
    rng = np.random.default_rng(4)
    log_mels, _ = toy_clips(n, n_frames=100, seed=9)
    return DistillationTargets(
        log_mels,
        tags=rng.random((n, 4, 5)).astype(np.float32),
        features=rng.normal(size=(n, 4, 6)).astype(np.float32),
        window_frames=25.0,
    )


def quiet(_):
    pass


def test_a_network_learns_and_its_lines_say_so():
    log_mels, labels = toy_clips()
    valid = toy_clips(seed=1)
    lines = []
    result = fit(tiny_network(), log_mels, labels, config=dataclasses.replace(CONFIG, epochs=10),
                 valid_log_mels=valid[0], valid_labels=valid[1], report=lines.append)  # fmt: skip
    assert len(lines) == len(result.history) == 10
    assert "epoch 10/10" in lines[-1]
    assert result.history[-1]["loss"] < result.history[0]["loss"]
    assert result.history[-1]["valid_accuracy"] > 0.8


def test_the_same_seed_gives_the_same_network_and_another_one_does_not():
    log_mels, labels = toy_clips()
    config = dataclasses.replace(CONFIG, epochs=2)
    ends = []
    for seed in (0, 0, 1):
        model = tiny_network()
        fit(model, log_mels, labels, config=dataclasses.replace(config, seed=seed), report=quiet)
        ends.append(model.get_weights())
    assert all(np.array_equal(a, b) for a, b in zip(ends[0], ends[1], strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(ends[0], ends[2], strict=True))


@pytest.mark.slow
def test_an_early_stop_comes_after_patience_runs_out():
    log_mels, labels = toy_clips()
    rng = np.random.default_rng(0)
    hopeless = [rng.normal(-40, 10, (60, N_MELS)).astype(np.float32) for _ in range(9)]
    result = fit(tiny_network(), log_mels, labels, config=dataclasses.replace(CONFIG, epochs=60, patience=1),
                 valid_log_mels=hopeless, valid_labels=np.arange(9) % 3, report=quiet)  # fmt: skip
    assert result.stopped_early
    assert len(result.history) < 60


def test_memory_maps_are_read_as_arrays_are(tmp_path):
    log_mels, labels = toy_clips(n=9)
    maps = []
    for number, log_mel in enumerate(log_mels):
        np.save(tmp_path / f"{number}.npy", log_mel)
        maps.append(np.load(tmp_path / f"{number}.npy", mmap_mode="r"))
    config = dataclasses.replace(CONFIG, epochs=1)
    from_arrays, from_maps = tiny_network(), tiny_network()
    fit(from_arrays, log_mels, labels, config=config, report=quiet)
    fit(from_maps, maps, labels, config=config, report=quiet)
    assert all(np.array_equal(a, b) for a, b in zip(from_arrays.get_weights(), from_maps.get_weights(), strict=True))


_KILLED = """
import sys
sys.path.insert(0, {tests!r})
import test_fit as t
clips, labels = t.toy_clips()
done = []
def report(line):
    print(line, flush=True)
distillation = t.toy_distillation()
t.fit(t.tiny_network(), clips, labels, config=t.CONFIG, distillation=distillation, run_folder={folder!r}, report=report)
"""


@pytest.mark.slow
def test_a_killed_run_goes_on_and_ends_like_an_undisturbed_one(tmp_path):
    log_mels, labels = toy_clips()
    undisturbed = tiny_network()
    whole = fit(undisturbed, log_mels, labels, config=CONFIG, distillation=toy_distillation(),
                run_folder=tmp_path / "whole", report=quiet)  # fmt: skip
    code = textwrap.dedent(_KILLED).format(tests=os.path.dirname(__file__), folder=str(tmp_path / "killed"))
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    for line in process.stdout:
        if "epoch 3/" in line:
            process.send_signal(signal.SIGKILL)
            break
    assert process.wait() == -signal.SIGKILL
    lines = []
    resumed = tiny_network(seed=99)
    rest = fit(resumed, log_mels, labels, config=CONFIG, distillation=toy_distillation(),
               run_folder=tmp_path / "killed", report=lines.append)  # fmt: skip
    assert "going on after epoch" in lines[0]
    assert len(lines) < 1 + CONFIG.epochs
    for one, other in zip(undisturbed.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    assert rest.history[-1]["loss"] == pytest.approx(whole.history[-1]["loss"], rel=1e-4)


def test_a_folder_of_another_configuration_is_refused(tmp_path):
    log_mels, labels = toy_clips(n=9)
    config = dataclasses.replace(CONFIG, epochs=1)
    fit(tiny_network(), log_mels, labels, config=config, run_folder=tmp_path, report=quiet)
    with pytest.raises(RunError, match="choose another folder"):
        fit(tiny_network(), log_mels, labels, config=dataclasses.replace(config, epochs=2), run_folder=tmp_path,
            report=quiet)  # fmt: skip


def test_nothing_to_learn_from_is_refused():
    with pytest.raises(ParameterError, match="no clip"):
        fit(tiny_network(), [], np.zeros(0, int), config=CONFIG)


@pytest.mark.slow
def test_distillation_alone_lowers_its_losses_and_can_start_another_training(tmp_path):
    distillation = toy_distillation()
    config = dataclasses.replace(CONFIG, epochs=8)
    result = fit(tiny_network(), [], np.zeros(0, int), config=config, distillation=distillation, run_folder=tmp_path,
                 report=quiet)  # fmt: skip
    assert result.history[-1]["tags"] < result.history[0]["tags"]
    log_mels, labels = toy_clips(n=9)
    started = fit(tiny_network(seed=8), log_mels, labels, config=dataclasses.replace(config, epochs=1),
                  distillation=distillation, start=tmp_path / "checkpoint.npz", report=quiet)  # fmt: skip
    assert started.history[0]["tags"] < result.history[0]["tags"]


def test_windows_average_the_steps_that_hear_them():
    timing = timing_of(tiny_network())
    n_frames = excerpt_frames(3, 25.0, timing)
    weights = window_average(3, 25.0, timing, n_frames)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-6)
    # Steps that have heard only a little are not left to themselves.
    assert weights[0, 0] > 0
    assert (weights[:, : timing.n_steps(2 * 25)].sum(axis=0) > 0).all()
    for window, row in enumerate(weights):
        heard = [timing.input_frames(int(step)) for step in np.flatnonzero(row)]
        assert all(25 * window <= (start + stop) / 2 < 25 * (window + 1) for start, stop in heard if start > 0)


def test_batches_depend_on_seed_and_epoch_alone():
    log_mels, labels = toy_clips()
    batches = Batches.plan(tiny_network(), log_mels, labels, toy_distillation(), CONFIG)
    first, again, other = (list(batches.of_epoch(epoch)) for epoch in (0, 0, 1))
    assert len(first) == batches.steps == 3
    np.testing.assert_array_equal(first[2]["labelled"], again[2]["labelled"])
    np.testing.assert_array_equal(first[2]["unlabelled"], again[2]["unlabelled"])
    assert not np.array_equal(first[0]["labelled"], other[0]["labelled"])


def test_every_labelled_clip_comes_once_an_epoch_and_beliefs_are_smoothed():
    log_mels, labels = toy_clips()
    batches = Batches.plan(tiny_network(), log_mels, labels, None, dataclasses.replace(CONFIG, label_smoothing=0.3))
    soft_labels = np.concatenate([batch["soft_labels"] for batch in batches.of_epoch(0)])
    np.testing.assert_array_equal(np.bincount(soft_labels.argmax(axis=1)), [8, 8, 8])
    np.testing.assert_allclose(np.sort(soft_labels, axis=1)[0], [0.1, 0.1, 0.8], rtol=1e-5)
