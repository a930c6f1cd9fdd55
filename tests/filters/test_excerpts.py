"""Spans are read to the sample from any format, and made pleasant to hear."""

import shutil
import subprocess

import numpy as np
import pytest
import soundfile

from genre_lib.audio.decoding import load_audio
from genre_lib.errors import AudioError
from genre_lib.filters.excerpts import FADE_S, GAP_S, joined, prepared, read_spans

RATE = 22050
FEW = [(1003, 9001), (30_000, 41_111)]
MANY = [(k, k + 60_000) for k in range(0, 30_000, 5_000)]


@pytest.fixture(scope="module", params=["mono.wav", "stereo44.flac", "mono48.wav", "stereo44.mp3", "stereo44.m4a"])
def recording(request, tmp_path_factory):
    rate = {"mono": 22050, "stereo44": 44100, "mono48": 48000}[request.param.split(".")[0]]
    rng = np.random.default_rng(0)
    noise = np.cumsum(rng.standard_normal((5 * rate, 1 + request.param.startswith("stereo"))), axis=0)
    noise -= np.linspace(noise[0], noise[-1], len(noise))
    path = tmp_path_factory.mktemp("formats") / request.param
    source = path.with_suffix(".wav") if path.suffix == ".m4a" else path
    soundfile.write(source, 0.5 * noise / np.abs(noise).max(), rate)
    if path.suffix == ".m4a":
        if shutil.which("ffmpeg") is None:
            pytest.skip("needs ffmpeg")
        subprocess.run(["ffmpeg", "-v", "error", "-i", source, path], check=True)
    return path


@pytest.mark.parametrize("spans", [FEW, MANY], ids=["few", "many"])
def test_spans_equal_the_whole_decoded(recording, spans):
    whole = load_audio(recording, RATE)
    for (start, stop), samples in zip(spans, read_spans(recording, RATE, spans), strict=True):
        # A resampler that starts elsewhere rounds otherwise.
        np.testing.assert_allclose(samples, whole[start:stop], atol=2e-5)


@pytest.mark.parametrize("spans", [[(109_000, 111_000)], [*MANY, (109_000, 111_000)]], ids=["few", "many"])
def test_a_recording_that_has_become_shorter_is_told(recording, spans):
    with pytest.raises(AudioError, match="ends before sample 111000"):
        read_spans(recording, RATE, spans)


def test_only_what_is_needed_is_read(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "long.wav", np.zeros(60 * RATE), RATE)
    read = []
    original = soundfile.SoundFile.read
    monkeypatch.setattr(
        soundfile.SoundFile, "read", lambda self, frames, **kw: read.append(frames) or original(self, frames, **kw)
    )
    read_spans(tmp_path / "long.wav", RATE, FEW)
    assert read == [stop - start for start, stop in FEW]


def test_what_spans_share_is_read_once(tmp_path, monkeypatch, rng):
    soundfile.write(tmp_path / "long.flac", rng.uniform(-0.5, 0.5, 60 * RATE), RATE)
    spans = [(50_000, 90_000), (1000, 5000), (60_000, 95_000), (1000, 5000), (61_000, 62_000)]
    whole = soundfile.read(tmp_path / "long.flac", dtype="float32")[0]
    read = []
    original = soundfile.SoundFile.read
    monkeypatch.setattr(
        soundfile.SoundFile, "read", lambda self, frames, **kw: read.append(frames) or original(self, frames, **kw)
    )
    found = read_spans(tmp_path / "long.flac", RATE, spans)
    assert read == [4000, 45_000]
    for (start, stop), samples in zip(spans, found, strict=True):
        np.testing.assert_array_equal(samples, whole[start:stop])


def test_an_excerpt_that_others_share_is_not_changed_by_preparing_it(rng):
    samples = rng.uniform(-0.5, 0.5, RATE).astype(np.float32)
    before = samples.copy()
    prepared(samples, RATE, -20.0)
    np.testing.assert_array_equal(samples, before)


def test_excerpts_begin_and_end_without_a_click():
    made = prepared(np.full(RATE, 0.5, np.float32), RATE, -20.0)
    n = round(FADE_S * RATE)
    steps = np.abs(np.diff(np.concatenate([[0], made.astype(float), [0]])))
    assert steps.max() < 0.05 * np.abs(made).max()
    assert (made[n:-n] == made[RATE // 2]).all()


def test_silence_stays_silence():
    assert not prepared(np.zeros(5000, np.float32), RATE, -100.0).any()


def test_joined_excerpts_lie_where_it_says():
    parts = [np.full(n, value, np.int16) for n, value in ((1000, 1), (2000, 2), (500, 3))]
    sound, begins = joined(parts, RATE)
    for part, at in zip(parts, begins, strict=True):
        np.testing.assert_array_equal(sound[at : at + len(part)], part)
    assert len(sound) == 3500 + 2 * round(GAP_S * RATE)
