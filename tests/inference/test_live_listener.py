"""Sound that comes bit by bit, held to the same sound heard at once; and a day of it in the memory of a minute."""

from dataclasses import replace

import numpy as np
import pytest

from genre_lib.errors import AudioError, ParameterError
from genre_lib.inference.live_listener import LiveListener
from genre_lib.inference.model import GenreModel
from genre_lib.inference.network import StepStream

RATE = 22050


def sound(seconds: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE)) / RATE
    tones = sum(np.sin(2 * np.pi * f * t) for f in rng.uniform(80, 2000, 5))
    return (0.05 * tones * (1 + np.sin(2 * np.pi * 2 * t)) + 0.01 * rng.normal(size=len(t))).astype(np.float32)


@pytest.mark.parametrize("n_at_once", [1999, 22050 * 7])
def test_live_sound_is_heard_as_the_recording_is(pretrained: GenreModel, n_at_once: int) -> None:
    samples = np.concatenate([sound(30), np.zeros(RATE * 6, np.float32), sound(10, seed=1)])
    curve = pretrained.curve(samples, RATE)
    listener = LiveListener(pretrained)
    settled = [listener.hear(samples[at : at + n_at_once]) for at in range(0, len(samples), n_at_once)]
    parts = [*settled, listener.recent()]

    times = np.concatenate([part.belief.times for part in parts])
    np.testing.assert_allclose(times, curve.times, atol=1e-9)
    raw = np.concatenate([part.raw for part in parts])
    np.testing.assert_allclose(raw, curve.probabilities, atol=1e-4)
    level = np.concatenate([part.level for part in parts])
    np.testing.assert_allclose(level, curve.level, atol=0.01)
    assert listener.now is not None
    np.testing.assert_allclose(listener.now.probabilities, curve.believed(live=True).probabilities[-1], atol=1e-4)


def test_what_was_said_long_ago_still_counts(pretrained: GenreModel) -> None:
    listener = LiveListener(pretrained)
    for seed in range(12):
        listener.hear(sound(10, seed=seed))
    parts = listener.answer().probabilities
    assert sum(parts.values()) == pytest.approx(1)
    assert listener.heard_s == pytest.approx(120)


def test_silence_is_said(pretrained: GenreModel) -> None:
    listener = LiveListener(pretrained)
    listener.hear(np.zeros(RATE * 8, np.float32))
    assert listener.now is not None
    assert listener.now.state == "silence"
    assert listener.answer().state == "silence"


def test_before_the_first_step_there_is_nothing_to_say(pretrained: GenreModel) -> None:
    listener = LiveListener(pretrained)
    listener.hear(np.zeros(100, np.float32))
    assert listener.now is None


def test_a_bundle_without_a_belief_is_refused_with_what_to_do(pretrained: GenreModel) -> None:
    old = object.__new__(GenreModel)
    old.__dict__.update(pretrained.__dict__)
    old.bundle = replace(pretrained.bundle, card=replace(pretrained.card, belief=None))
    with pytest.raises(ParameterError, match="fit-belief"):
        LiveListener(old)


def kept_bytes(value: object) -> int:
    """Bytes of the arrays that an object holds, and those that hold on to larger ones count whole."""
    if isinstance(value, np.ndarray):
        return value.nbytes if value.base is None else value.base.nbytes
    if isinstance(value, list | tuple):
        return sum(map(kept_bytes, value))
    known = ("_steps", "_belief", "_live", "_file", "_shares")
    holders = vars(value) if hasattr(value, "__dict__") else {}
    return sum(
        kept_bytes(each) for name, each in holders.items() if name in known or isinstance(each, np.ndarray | list)
    )


@pytest.mark.slow
def test_eight_hours_take_the_memory_and_the_work_of_minutes(
    pretrained: GenreModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = 0
    push = StepStream._run

    def counted(self: StepStream):
        nonlocal frames
        frames += self._n_pending
        return push(self)

    monkeypatch.setattr(StepStream, "_run", counted)
    listener = LiveListener(pretrained)
    minute = sound(60)
    rows, work, memory = [], [], []
    for _ in range(8 * 60):
        before = frames
        rows.append(len(listener.hear(minute).level))
        work.append(frames - before)
        memory.append(kept_bytes(listener))
    assert listener.heard_s == 8 * 3600
    # A minute is not a whole number of steps: one more or less, and what waits for the next one.
    assert max(rows[2:]) - min(rows[2:]) <= 1
    assert max(work[2:]) - min(work[2:]) < 0.02 * min(work[2:])
    # As in the first minutes, but for the frames that wait for the next step.
    assert max(memory) < memory[2] + 100_000


def test_integers_are_heard_like_floats(pretrained: GenreModel, rng: np.random.Generator) -> None:
    whole = np.round(3000 * rng.standard_normal(5 * RATE)).astype(np.int16)
    answers = []
    for samples in (whole, whole / 32768):
        listener = LiveListener(pretrained)
        listener.hear(samples)
        answers.append(listener.answer().probabilities)
    assert answers[0] == pytest.approx(answers[1], abs=1e-6)


def test_a_sample_that_is_no_number_is_silence_and_does_not_stay(
    pretrained: GenreModel, rng: np.random.Generator
) -> None:
    samples = 0.1 * rng.standard_normal(8 * RATE)
    samples[RATE] = np.nan
    listener = LiveListener(pretrained)
    listener.hear(samples)
    assert np.isfinite(listener.recent().belief.probabilities).all()
    assert np.isfinite(listener.recent().level).all()


@pytest.mark.parametrize("samples", [np.zeros((2, 100)), np.array(1.0), "song.mp3"])
def test_what_is_no_block_of_mono_is_refused_and_not_counted(pretrained: GenreModel, samples: object) -> None:
    listener = LiveListener(pretrained)
    with pytest.raises(AudioError, match=r"give mono samples \(n,\)"):
        listener.hear(samples)
    assert listener.heard_s == 0
