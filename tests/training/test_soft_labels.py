"""Beliefs of teachers about unlabelled music, and a network that learns them."""

import dataclasses

import numpy as np
import pytest

from genre_lib.errors import ParameterError
from genre_lib.training.fit import fit
from genre_lib.training.soft_labels import with_teachers
from tests.training.test_fit import CONFIG, N_MELS, quiet, tiny_network, toy_clips, toy_distillation


def test_beliefs_of_each_window_sum_to_one_and_lie_between_the_teachers():
    distillation = toy_distillation()
    teachers = [tiny_network(seed) for seed in (1, 2)]
    both = with_teachers(distillation, teachers).genres
    assert both.shape == (10, 4, 3)
    np.testing.assert_allclose(both.sum(axis=2), 1.0, rtol=1e-5)
    alone = [np.log(with_teachers(distillation, [teacher]).genres) for teacher in teachers]
    mean = np.exp((alone[0] + alone[1]) / 2)
    np.testing.assert_allclose(both, mean / mean.sum(axis=2, keepdims=True), rtol=1e-3)


@pytest.mark.slow
def test_a_student_learns_genres_from_its_teacher_alone():
    log_mels, labels = toy_clips()
    teacher = tiny_network(1)
    fit(teacher, log_mels, labels, config=dataclasses.replace(CONFIG, epochs=10), report=quiet)
    weights = dataclasses.replace(CONFIG.distillation, batch_size=8, genre_weight=5.0)
    config = dataclasses.replace(CONFIG, epochs=20, teacher_windows=2, distillation=weights)
    student = tiny_network(2)
    taught = with_teachers(toy_distillation(24), [teacher])
    history = fit(student, [], np.zeros(0, int), config=config, distillation=taught, report=quiet).history
    assert history[-1]["genres"] < history[0]["genres"]
    believed = [int(np.argmax(student(clip[None], training=False)["clip_logits"])) for clip in log_mels]
    assert np.mean(np.array(believed) == labels) > 0.8
    assert log_mels[0].shape[1] == N_MELS


def test_no_teacher_is_refused():
    with pytest.raises(ParameterError, match="no teacher"):
        with_teachers(toy_distillation(), [])
