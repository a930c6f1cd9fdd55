import errno
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from genre_lib.audio.decoding import load_audio
from genre_lib.audio.front_end import FrontEnd
from genre_lib.datasets import feature_cache
from genre_lib.datasets.feature_cache import CachedLogMels, FeatureCache, KnownContents, content_hash
from genre_lib.errors import AudioError, CacheError


@pytest.fixture
def cache(tmp_path: Path) -> FeatureCache:
    return FeatureCache(tmp_path / "cache", FrontEnd())


@pytest.fixture
def recording(tmp_path: Path, rng: np.random.Generator) -> Path:
    path = tmp_path / "song.wav"
    soundfile.write(path, 0.1 * rng.standard_normal(3 * 22050), 22050)
    return path


def files(cache: FeatureCache) -> list[Path]:
    return [path for path in cache.folder.rglob("*") if path.is_file()]


def test_an_entry_is_the_log_mel_of_the_recording(cache: FeatureCache, recording: Path) -> None:
    entry = cache.compute(recording)
    expected = FrontEnd().log_mel(load_audio(recording, 22050))
    log_mel = cache.read(entry.key)
    assert isinstance(log_mel, np.memmap)
    assert entry.n_frames == len(expected)
    np.testing.assert_allclose(log_mel, expected, atol=1e-4)
    assert cache.is_sound(entry.key)
    np.testing.assert_array_equal(np.load(cache.path(entry.key)), log_mel)


def test_the_name_depends_on_content_and_front_end_alone(cache: FeatureCache, recording: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere.wav"
    shutil.copy(recording, copy)
    assert cache.compute(recording).key == cache.compute(copy).key
    other = FeatureCache(cache.folder, FrontEnd(hop_length=1024))
    assert other.compute(recording).key != cache.compute(recording).key
    with recording.open("ab") as file:
        file.write(b"\0\0")
    assert cache.compute(recording).key != cache.compute(copy).key


@pytest.mark.parametrize("fault", ["truncated", "flipped", "empty", "text", "gone"])
def test_a_damaged_entry_is_noticed_and_made_again(cache: FeatureCache, recording: Path, fault: str) -> None:
    entry = cache.compute(recording)
    path = cache.path(entry.key)
    whole = path.read_bytes()
    if fault == "truncated":
        path.write_bytes(whole[:-1000])
    elif fault == "flipped":
        path.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    elif fault == "empty":
        path.write_bytes(b"")
    elif fault == "text":
        path.write_text("not an array")
    else:
        path.unlink()
    assert not cache.is_sound(entry.key)
    cache.compute(recording)
    assert cache.is_sound(entry.key)
    assert path.read_bytes() == whole


def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    cache: FeatureCache, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file, array, **_):
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(feature_cache.np, "save", full)
    with pytest.raises(CacheError, match=r"is full: free some space and run again") as caught:
        cache.compute(recording)
    assert "\n" not in str(caught.value)
    assert files(cache) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full (Linux)")
def test_a_disk_that_is_really_full_is_told(cache: FeatureCache, recording: Path) -> None:
    entry = cache.compute(recording)
    path = cache.path(entry.key)
    path.unlink()
    path.with_name(f".{entry.key[:100]}.{os.getpid()}.tmp.npy").symlink_to("/dev/full")
    with pytest.raises(CacheError, match="is full"):
        cache.compute(recording)
    assert not path.exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, recording: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CacheError, match="cannot be written"):
        FeatureCache(tmp_path / "file", FrontEnd()).compute(recording)


def test_silence_is_refused_and_a_quiet_recording_is_not(
    cache: FeatureCache, tmp_path: Path, rng: np.random.Generator
) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(66150), 22050)
    with pytest.raises(AudioError, match="is silent"):
        cache.compute(tmp_path / "silent.wav")
    soundfile.write(tmp_path / "quiet.wav", 1e-3 * rng.standard_normal(66150), 22050, subtype="PCM_24")
    assert cache.compute(tmp_path / "quiet.wav").n_frames > 0


def test_too_short_a_recording_is_refused(cache: FeatureCache, tmp_path: Path, rng: np.random.Generator) -> None:
    soundfile.write(tmp_path / "short.wav", rng.uniform(-1, 1, 10000), 22050)
    with pytest.raises(AudioError, match="shorter than 1 s"):
        cache.compute(tmp_path / "short.wav")


def test_old_leftovers_are_swept_and_new_ones_left_alone(cache: FeatureCache, recording: Path) -> None:
    folder = cache.path(cache.compute(recording).key).parent
    old, new = folder / ".a.1.tmp.npy", folder / ".b.2.tmp.npy"
    old.touch()
    new.touch()
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    cache.sweep()
    assert not old.exists()
    assert new.exists()


def test_contents_are_known_until_the_file_changes(tmp_path: Path, recording: Path) -> None:
    with KnownContents(tmp_path / "cache") as known:
        assert known.get(recording) is None
        known.put(recording, content_hash(recording))
    with KnownContents(tmp_path / "cache") as known:
        assert known.get(recording) == content_hash(recording)
        with recording.open("ab") as file:
            file.write(b"more")
        assert known.get(recording) is None
        assert known.get(tmp_path / "missing.wav") is None


def test_a_damaged_table_of_contents_is_started_again(tmp_path: Path, recording: Path) -> None:
    (tmp_path / "contents.sqlite").write_bytes(b"garbage" * 1000)
    with KnownContents(tmp_path) as known:
        known.put(recording, "abc")
        assert known.get(recording) == "abc"


def test_a_sequence_of_entries_is_read_on_demand(cache: FeatureCache, recording: Path) -> None:
    key = cache.compute(recording).key
    log_mels = CachedLogMels(cache, [key] * 100_000)
    assert len(log_mels) == 100_000
    assert log_mels[99_999].shape == cache.read(key).shape
    assert len(log_mels[10:20]) == 10
    assert len(pickle.loads(pickle.dumps(log_mels[:5]))) == 5


def test_a_writer_killed_at_any_moment_leaves_whole_entries_only(cache: FeatureCache, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    songs = tmp_path / "songs"
    songs.mkdir()
    for i in range(20):
        soundfile.write(songs / f"{i}.wav", 0.1 * rng.standard_normal(22050 * 2), 22050)
    code = (
        "import itertools, sys; from pathlib import Path\n"
        "from genre_lib.datasets.feature_cache import FeatureCache; from genre_lib.audio.front_end import FrontEnd\n"
        "cache = FeatureCache(Path(sys.argv[1]), FrontEnd())\n"
        "print('ready', flush=True)\n"
        # For ever: a slow test must not find it done.
        "for song in itertools.cycle(sorted(Path(sys.argv[2]).iterdir())): cache.compute(song)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    command = [sys.executable, "-c", code, str(cache.folder), str(songs)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        while len(list(cache.folder.glob("*/*.npy"))) < 5:
            assert writer.poll() is None
            time.sleep(0.005)
        writer.send_signal(signal.SIGKILL)
    keys = [path.stem for path in cache.folder.glob("*/*.npy")]
    assert len(keys) >= 5
    assert all(cache.is_sound(key) for key in keys)


def test_a_name_that_is_no_text_has_features_and_is_known_again(cache: FeatureCache, recording: Path) -> None:
    odd = recording.rename(recording.with_name(os.fsdecode(b"m\xe9lodie.wav")))
    entry = cache.compute(odd)
    with KnownContents(cache.folder) as known:
        known.put(odd, entry.content)
        assert known.get(odd) == entry.content
