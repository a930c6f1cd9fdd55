import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from genre_lib.audio.decoding import load_audio
from genre_lib.audio.front_end import FrontEnd
from genre_lib.datasets import DataSet, Track, feature_cache, load_features, open_data_set
from genre_lib.datasets.splits import split_data_set
from genre_lib.errors import CacheError, DataSetError
from genre_lib.executors import Progress, get_executor
from tests.datasets.conftest import write_noise


def test_unusable_tracks_are_listed_with_their_reason(genre_folder: Path, tmp_path: Path) -> None:
    features = load_features(open_data_set(genre_folder), cache_folder=tmp_path / "cache")
    assert [track.name for track in features.tracks] == ["polka/good.wav", "waltz/good.flac"]
    reasons = {track.name: reason for track, reason in features.skipped}
    assert set(reasons) == {"waltz/empty.mp3", "waltz/short.wav", "waltz/silent.wav", "waltz/text.wav"}
    assert "is empty" in reasons["waltz/empty.mp3"]
    assert "shorter than" in reasons["waltz/short.wav"]
    assert "is silent" in reasons["waltz/silent.wav"]
    assert "not a sound file" in reasons["waltz/text.wav"]
    assert all(reason.endswith(".") and "\n" not in reason for reason in reasons.values())


def test_features_are_the_log_mel_of_each_track(genre_folder: Path, tmp_path: Path) -> None:
    features = load_features(open_data_set(genre_folder), cache_folder=tmp_path / "cache")
    for track, log_mel in zip(features.tracks, features.log_mels, strict=True):
        assert track.path is not None
        np.testing.assert_allclose(log_mel, FrontEnd().log_mel(load_audio(track.path, 22050)), atol=1e-4)


def test_the_second_time_nothing_is_computed(genre_folder: Path, tmp_path: Path) -> None:
    data_set = open_data_set(genre_folder)
    assert load_features(data_set, cache_folder=tmp_path / "cache").n_computed == 2
    assert load_features(data_set, cache_folder=tmp_path / "cache").n_computed == 0
    other = load_features(data_set, FrontEnd(n_mels=64), cache_folder=tmp_path / "cache")
    assert other.n_computed == 2
    assert other.log_mels[0].shape[1] == 64


def test_a_damaged_entry_is_computed_again(genre_folder: Path, tmp_path: Path) -> None:
    data_set = open_data_set(genre_folder)
    before = [np.array(m) for m in load_features(data_set, cache_folder=tmp_path / "cache").log_mels]
    entry = sorted((tmp_path / "cache").glob("*/*.npy"))[0]
    entry.write_bytes(entry.read_bytes()[:-50])
    again = load_features(data_set, cache_folder=tmp_path / "cache")
    assert again.n_computed == 1
    for old, new in zip(before, again.log_mels, strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("name", ["processes", pytest.param("dask", marks=pytest.mark.slow)])
def test_any_executor_fills_the_same_cache(genre_folder: Path, tmp_path: Path, name: str) -> None:
    data_set = open_data_set(genre_folder)
    serial = load_features(data_set, cache_folder=tmp_path / "serial")
    with get_executor(name, workers=2) as executor:
        other = load_features(data_set, cache_folder=tmp_path / "other", executor=executor)
    assert other.tracks == serial.tracks
    assert sorted(other.skipped, key=str) == sorted(serial.skipped, key=str)
    for a, b in zip(serial.log_mels, other.log_mels, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


def test_progress_ends_at_all_tracks_even_when_cached(genre_folder: Path, tmp_path: Path) -> None:
    data_set = open_data_set(genre_folder)
    for _ in range(2):
        counts: list[int] = []
        load_features(data_set, cache_folder=tmp_path / "cache", progress=_appender(counts))
        assert counts[-1] == 6
        assert counts == sorted(counts)


def _appender(counts: list[int]) -> Progress:
    return lambda done, _: counts.append(done)


def test_splits_travel_with_the_features(tmp_path: Path) -> None:
    for i in range(9):
        write_noise(tmp_path / "music" / "ab"[i % 2] / f"band {i // 3}" / f"{i}.wav", i)
    features = load_features(open_data_set(tmp_path / "music"), cache_folder=tmp_path / "cache")
    split = features.with_splits(split_data_set(features.data_set, seed=1))
    train = split.subset("train")
    assert 0 < len(train) < 9
    assert len(train.log_mels) == len(train)
    position = [track.name for track in features.tracks].index(train.tracks[0].name)
    np.testing.assert_array_equal(train.log_mels[0], features.log_mels[position])


def test_a_full_disk_ends_the_run_with_one_sentence(
    genre_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(feature_cache.np, "save", full)
    with pytest.raises(CacheError, match="is full"):
        load_features(open_data_set(genre_folder), cache_folder=tmp_path / "cache")


def test_nothing_usable_is_an_error_with_an_example(tmp_path: Path) -> None:
    data_set = DataSet("set", (Track("a", tmp_path / "missing.wav", "polka"),), ("polka",))
    with pytest.raises(DataSetError, match=r"No track of set can be used.*No such file"):
        load_features(data_set, cache_folder=tmp_path / "cache")


def test_a_truncated_file_is_used_and_told_every_time(tmp_path: Path) -> None:
    path = write_noise(tmp_path / "a" / "cut.mp3", 1, seconds=6)
    write_noise(tmp_path / "b" / "good.wav", 2)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    for _ in range(2):
        features = load_features(open_data_set(tmp_path), cache_folder=tmp_path / "cache")
        assert len(features) == 2
        assert [track.name for track, _ in features.warnings] == ["a/cut.mp3"]
        assert "the rest is missing" in features.warnings[0][1]


def test_a_run_killed_while_caching_goes_on(tmp_path: Path) -> None:
    music = tmp_path / "music"
    for i in range(30):
        write_noise(music / "ab"[i % 2] / f"{i}.wav", i, seconds=3)
    code = (
        "import os, signal, sys; from genre_lib.datasets import load_features, open_data_set\n"
        "def end(done, total):\n"
        "    if done == 10: os.kill(os.getpid(), signal.SIGKILL)\n"
        "load_features(open_data_set(sys.argv[1]), cache_folder=sys.argv[2], progress=end)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    cache = tmp_path / "cache"
    killed = subprocess.run([sys.executable, "-c", code, str(music), str(cache)], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    features = load_features(open_data_set(music), cache_folder=cache)
    assert len(features) == 30
    # The file in hand when it was killed, and at most one not yet noted, are looked at again.
    assert 20 <= features.n_computed <= 22


def test_the_same_features_for_the_real_audio_as_in_the_real_file(shared, tmp_path: Path) -> None:
    ready = open_data_set(shared / "data" / "gtzan-mel")
    audio = open_data_set(f"gtzan:{shared / 'data' / 'gtzan-audio'}")
    few = audio.select(range(0, len(audio), 8))
    computed = load_features(few, cache_folder=tmp_path / "cache")
    index = {track.name: i for i, track in enumerate(ready.tracks)}
    assert ready.log_mels is not None
    for track, log_mel in zip(computed.tracks, computed.log_mels, strict=True):
        known = ready.log_mels[index[track.name]]
        # Another time grid and another level: the mean spectra agree once the maximum is 0 dB and the floor equal.
        relative = np.maximum(log_mel - log_mel.max(), known.min())
        difference = (relative.mean(axis=0) - known.mean(axis=0))[4:]
        assert np.std(difference) < 1.0
