import shutil
from pathlib import Path

import numpy as np
import pytest

from genre_lib.bundle import resources
from genre_lib.datasets import DataSet, Track, open_data_set
from genre_lib.datasets.manifest import write_manifest
from genre_lib.errors import DataSetError
from tests.conftest import write_song
from tests.datasets.conftest import write_noise


def test_a_folder_per_genre(genre_folder: Path) -> None:
    data_set = open_data_set(genre_folder)
    assert data_set.name == "music"
    assert data_set.genres == ("polka", "waltz")
    assert [track.name for track in data_set.tracks] == [
        "polka/good.wav",
        "waltz/empty.mp3",
        "waltz/good.flac",
        "waltz/short.wav",
        "waltz/silent.wav",
        "waltz/text.wav",
    ]
    assert data_set.labels().tolist() == [0, 1, 1, 1, 1, 1]
    assert {track.group for track in data_set.tracks} == {None}
    assert {track.split for track in data_set.tracks} == {None}


def test_paths_are_absolute(genre_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(genre_folder.parent)
    assert all(track.path is not None and track.path.is_absolute() for track in open_data_set("music").tracks)


def test_folders_inside_a_genre_are_artists(tmp_path: Path) -> None:
    for name in ("a/x/1.wav", "a/x/album/2.wav", "b/y/3.wav"):
        write_noise(tmp_path / name, 1)
    data_set = open_data_set(tmp_path)
    assert [track.group for track in data_set.tracks] == ["x", "x", "y"]
    assert any("taken for artists" in note for note in data_set.notes)


def test_a_nested_copy_is_found(tmp_path: Path, genre_folder: Path) -> None:
    shutil.move(genre_folder, tmp_path / "copy" / "genres")
    assert open_data_set(tmp_path / "copy").genres == ("polka", "waltz")


def test_gtzan_named_files_get_artist_and_split_and_lose_the_faulty(tmp_path: Path) -> None:
    for name in ("blues.00000.au", "blues.00001.wav", "disco.00051.au", "classical.00059.wav"):
        genre = name.split(".")[0]
        (tmp_path / "genres" / genre).mkdir(parents=True, exist_ok=True)
        (tmp_path / "genres" / genre / name).touch()
    data_set = open_data_set(f"gtzan:{tmp_path}")
    assert data_set.name == "gtzan"
    assert [(t.name, t.genre, t.group, t.split) for t in data_set.tracks] == [
        ("blues.00000", "blues", "john lee hooker", "valid"),
        ("blues.00001", "blues", "john lee hooker", "valid"),
        ("classical.00059", "classical", None, "train"),
    ]
    assert any("1 track of gtzan known to be faulty or repeated is left out" in note for note in data_set.notes)
    everything = open_data_set(f"gtzan:{tmp_path}", include_excluded=True)
    assert [track.split for track in everything.tracks] == ["valid", "valid", "train", "excluded"]


def test_gtzan_that_was_never_fetched_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "raw_folder", lambda: tmp_path)
    with pytest.raises(DataSetError, match="genre data fetch gtzan"):
        open_data_set("gtzan")


def test_a_manifest_with_relative_paths_artists_and_splits(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_bytes(
        b"\xef\xbb\xbfpath,genre,artist,split,mood\r\nsongs/a.wav,polka,Anna,train,glad\r\n/b.wav,waltz,,test,sad\r\n"
    )
    data_set = open_data_set(table)
    assert data_set.tracks == (
        Track("songs/a.wav", tmp_path / "songs/a.wav", "polka", "Anna", "train"),
        Track("/b.wav", Path("/b.wav"), "waltz", None, "test"),
    )


def test_a_written_manifest_reads_back(tmp_path: Path) -> None:
    tracks = (
        Track("one", tmp_path / "x" / "1.wav", "polka", "Anna, Bert", "train"),
        Track("two", Path("/far/2.wav"), None, None, None),
    )
    write_manifest(tmp_path / "table.csv", tracks)
    assert open_data_set(tmp_path / "table.csv").tracks == tracks


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"genre\npolka\n", "no column 'path'"),
        (b"path,genre\n", "no rows"),
        (b"path,split\na.wav,dev\n", "Line 2 .* 'dev'"),
        (b"path,genre\n,polka\n", "Line 2 .* no path"),
        (b"path\n\xff\xfe.wav\n", "cannot be read"),
        (b"path\na.wav\na.wav\n", "two tracks named a.wav"),
        (b"", "no column 'path'"),
    ],
)
def test_a_bad_manifest_is_one_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    table = tmp_path / "table.csv"
    table.write_bytes(content)
    with pytest.raises(DataSetError, match=message):
        open_data_set(table)


@pytest.mark.parametrize("spec", ["nothing-here", "nothing.csv", "nothing.npz", "gtzan:nothing"])
def test_what_is_not_there_is_one_sentence(spec: str) -> None:
    with pytest.raises(DataSetError, match=r"check the path|There is no data set"):
        open_data_set(spec)


def test_a_folder_without_genres_is_refused(tmp_path: Path) -> None:
    write_noise(tmp_path / "song.wav", 1)
    with pytest.raises(DataSetError, match="folder of its own"):
        open_data_set(tmp_path)


def test_a_track_without_genre_has_no_label() -> None:
    data_set = DataSet("set", (Track("a", genre="polka"), Track("b")), ("polka",))
    with pytest.raises(DataSetError, match="b of set has no known genre"):
        data_set.labels()


def test_a_missing_split_is_refused(genre_folder: Path) -> None:
    with pytest.raises(DataSetError, match="no track in the split train"):
        open_data_set(genre_folder).subset("train")


def test_the_digest_follows_the_table_and_not_its_place(tmp_path: Path, genre_folder: Path) -> None:
    before = open_data_set(genre_folder)
    copy = tmp_path / "other" / "music"
    shutil.copytree(genre_folder, copy)
    assert open_data_set(copy).digest() == before.digest()
    assert before.with_splits(["train"] * 6).digest() != before.digest()


def test_selections_carry_their_features() -> None:
    arrays = [np.full((4, 2), i, np.float32) for i in range(6)]
    tracks = tuple(Track(str(i), None, "g", None, "train" if i % 2 else "test") for i in range(6))
    odd = DataSet("set", tracks, ("g",), (), arrays).subset("train")
    assert odd.log_mels is not None
    assert [int(odd.log_mels[i][0, 0]) for i in range(3)] == [1, 3, 5]
    last = odd.select([2, 0])
    assert last.log_mels is not None
    assert [int(log_mel[0, 0]) for log_mel in last.log_mels] == [5, 1]
    assert [track.name for track in last.tracks] == ["5", "1"]


def test_one_genre_alone_is_told(tmp_path: Path) -> None:
    (tmp_path / "pop").mkdir()
    write_song(tmp_path / "pop" / "song.wav")
    with pytest.raises(DataSetError, match=r"holds one genre alone \(pop\)"):
        open_data_set(tmp_path)
