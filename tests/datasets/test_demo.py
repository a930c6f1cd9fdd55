import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from genre_lib.audio.front_end import FrontEnd
from genre_lib.audio.synthesis.song import melody
from genre_lib.audio.synthesis.sound import SAMPLE_RATE, SAW, hz, oscillator, pluck, reverb
from genre_lib.datasets.demo import STYLES, make_demo, synthesise, synthesise_medley
from genre_lib.datasets.splits import crossing_groups
from genre_lib.errors import DataSetError, ParameterError

SMALL = {"bands_per_genre": 3, "clips_per_band": 1, "clip_s": 1.5, "medley_s": 12.0}


@pytest.fixture(scope="module")
def clips() -> dict[str, list[np.ndarray]]:
    """Two bands of each style."""
    return {genre: [synthesise(genre, band=band, seconds=6) for band in range(2)] for genre in STYLES}


def onset_strength(clip: np.ndarray) -> np.ndarray:
    """Rise of the loudness, 86 values a second, without its mean."""
    log_mel = FrontEnd(hop_length=256).log_mel(clip)
    rise = np.maximum(0, np.diff(np.maximum(log_mel, log_mel.max() - 60), axis=0)).mean(axis=1)
    return rise - rise.mean()


def share_of_energy(clip: np.ndarray, low: float, high: float) -> float:
    power = np.abs(np.fft.rfft(clip)) ** 2
    frequency = np.fft.rfftfreq(len(clip), 1 / SAMPLE_RATE)
    return float(power[(frequency >= low) & (frequency < high)].sum() / power.sum())


def test_every_style_is_sound_of_the_asked_length(clips: dict[str, list[np.ndarray]]) -> None:
    for genre, takes in clips.items():
        for clip in takes:
            assert clip.shape == (6 * SAMPLE_RATE,), genre
            assert clip.dtype == np.float32, genre
            assert np.abs(clip).max() < 1, genre
            assert -30 < 10 * np.log10(np.mean(clip**2)) < -10, genre


def test_the_same_numbers_give_the_same_sound_and_others_another() -> None:
    first = synthesise("rock", band=1, clip=2, seed=3, seconds=2)
    assert np.array_equal(first, synthesise("rock", band=1, clip=2, seed=3, seconds=2))
    for other in ({"band": 2}, {"clip": 3}, {"seed": 4}):
        assert not np.array_equal(first, synthesise("rock", **{"band": 1, "clip": 2, "seed": 3, **other}, seconds=2))


def test_styles_differ_more_than_bands_of_one_style() -> None:
    """The nearest neighbour by mean and variation of the spectrum has the same style far more often than 1 in 10."""
    features, labels = [], []
    for genre in STYLES:
        for band in range(3):
            log_mel = FrontEnd().log_mel(synthesise(genre, band=band, clip=1, seconds=4))
            relative = np.maximum(log_mel, log_mel.max() - 80)
            relative -= relative.mean()
            features.append(np.concatenate([relative.mean(axis=0), 2 * relative.std(axis=0)]))
            labels.append(genre)
    x = np.array(features)
    distance = np.linalg.norm(x[:, None] - x[None], axis=2) + np.diag(np.full(len(x), np.inf))
    found = np.mean([labels[i] == labels[j] for i, j in enumerate(distance.argmin(axis=1))])
    assert found > 0.5


def test_classical_has_no_drums_and_disco_has(clips: dict[str, list[np.ndarray]]) -> None:
    classical = max(share_of_energy(clip, 6000, 11025) for clip in clips["classical"])
    disco = min(share_of_energy(clip, 6000, 11025) for clip in clips["disco"])
    assert disco > 5 * classical


def test_disco_beats_four_to_the_bar_at_its_tempo() -> None:
    onsets = onset_strength(synthesise("disco", seconds=10))
    autocorrelation = np.correlate(onsets, onsets, "full")[len(onsets) - 1 :]
    lags = np.arange(len(autocorrelation)) * 256 / SAMPLE_RATE
    beats = (lags > 60 / 130) & (lags < 60 / 112)
    assert autocorrelation[beats].max() > 0.4 * autocorrelation[0]


def test_metal_is_dense_and_classical_is_not(clips: dict[str, list[np.ndarray]]) -> None:
    def crest(clip: np.ndarray) -> float:
        return float(np.abs(clip).max() / np.sqrt(np.mean(clip**2)))

    assert max(crest(clip) for clip in clips["metal"]) < min(crest(clip) for clip in clips["classical"])


def test_an_oscillator_has_no_alias(rng: np.random.Generator) -> None:
    tone = oscillator(3000.0, 1.0, SAW)
    power = np.abs(np.fft.rfft(tone * np.hanning(len(tone)))) ** 2
    harmonics = np.zeros(len(power), bool)
    for k in (3000, 6000, 9000):
        harmonics[k - 5 : k + 6] = True
    assert power[~harmonics].sum() < 1e-5 * power.sum()


@pytest.mark.parametrize("midi", [40, 52, 64, 76])
def test_a_plucked_string_is_in_tune(midi: int) -> None:
    tone = pluck(hz(midi), 2.0, np.random.default_rng(0))
    power = np.abs(np.fft.rfft(tone * np.hanning(len(tone)), 2**18))
    near = np.abs(np.fft.rfftfreq(2**18, 1 / SAMPLE_RATE) / hz(midi) - 1) < 0.05
    heard = np.fft.rfftfreq(2**18, 1 / SAMPLE_RATE)[near][power[near].argmax()]
    # A fifth of a semitone.
    assert abs(12 * np.log2(heard / hz(midi))) < 0.2


def test_a_room_rings_after_the_sound(rng: np.random.Generator) -> None:
    click = np.zeros(SAMPLE_RATE, np.float32)
    click[100] = 1
    wet = reverb(click, 0.8, 0.5, rng)
    assert wet[100] == pytest.approx(1, abs=0.3)
    early, late = np.mean(wet[1000:5000] ** 2), np.mean(wet[12000:16000] ** 2)
    assert early > 10 * late > 0


def test_a_melody_stays_in_its_scale(rng: np.random.Generator) -> None:
    scale = (0, 2, 4, 5, 7, 9, 11)
    line = melody(rng, scale, 200)
    assert {note % 12 for note in line} <= set(scale)
    assert max(line) - min(line) <= 36


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(ParameterError, match="blues, classical"):
        synthesise("polka")


def test_a_medley_changes_when_it_says_so() -> None:
    sound, changes = synthesise_medley(seconds=40.0)
    assert len(sound) == 40 * SAMPLE_RATE
    starts = [start for start, _ in changes]
    assert starts[0] == 0
    assert all(later - earlier >= 9.9 for earlier, later in zip(starts, [*starts[1:], 40.0], strict=True))
    assert len({genre for _, genre in changes}) == len(changes) == 4
    # The spectrum changes more from one part to the next than within a part.
    log_mel = FrontEnd().log_mel(sound)
    frame = FrontEnd().frame_period_s
    between = []
    for start in starts[1:]:
        before, after = (log_mel[int((start + d) / frame) :][: int(3 / frame)].mean(axis=0) for d in (-3.2, 0.2))
        between.append(np.abs(before - after).mean())
    within = []
    for start in starts:
        first, second = (log_mel[int((start + d) / frame) :][: int(3 / frame)].mean(axis=0) for d in (1.0, 4.4))
        within.append(np.abs(first - second).mean())
    assert min(between) > np.mean(within)


def test_a_demo_set_is_labelled_split_by_band_and_called_synthetic(tmp_path: Path) -> None:
    demo = make_demo(tmp_path / "demo", **SMALL)
    data_set = demo.data_set
    assert len(data_set) == 30
    assert data_set.genres == tuple(STYLES)
    assert all(track.path is not None and track.path.is_file() for track in data_set.tracks)
    assert crossing_groups(data_set) == {}
    assert set(data_set.splits()) == {"train", "valid", "test"}
    assert all(len(set(data_set.subset(part).labels())) == 10 for part in ("train", "valid", "test"))
    assert "synthetic" in data_set.notes[0]
    info = soundfile.info(str(data_set.tracks[0].path))
    assert (info.samplerate, info.channels, info.frames) == (SAMPLE_RATE, 1, 33075)
    assert soundfile.info(str(demo.medley.path)).frames == 12 * SAMPLE_RATE
    assert demo.medley.changes[0][0] == 0


def test_a_demo_set_goes_on_where_it_stopped(tmp_path: Path) -> None:
    demo = make_demo(tmp_path, **SMALL)
    kept, lost = demo.data_set.tracks[0].path, demo.data_set.tracks[7].path
    assert kept is not None
    assert lost is not None
    content, when = lost.read_bytes(), kept.stat().st_mtime_ns
    lost.unlink()
    made = []
    make_demo(tmp_path, **SMALL, progress=lambda done, total: made.append((done, total)))
    assert made == [(1, 1)]
    assert lost.read_bytes() == content
    assert kept.stat().st_mtime_ns == when


def test_a_folder_with_other_songs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text(json.dumps({"version": 0}))
    with pytest.raises(DataSetError, match="other settings"):
        make_demo(tmp_path, **SMALL)
