"""Songs as vectors: embedded once, resumed, and found again by what they sound like."""

import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from genre_lib import cli
from genre_lib.batch.journal import Journal
from genre_lib.batch.similarity import SongCollection
from genre_lib.bundle.files import open_bundle, seal
from genre_lib.bundle.resources import pretrained_folder
from genre_lib.errors import ParameterError
from tests.conftest import write_song


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three good recordings and a broken one."""
    folder = tmp_path / "music"
    folder.mkdir()
    for seed, name in enumerate(("a.wav", "b.flac", "c.ogg")):
        write_song(folder / name, 4, seed=5 * seed)
    (folder / "broken.mp3").write_text("these are words " * 100)
    return folder


def genre(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    status = cli.main([*map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def heard(journal: Path) -> dict[str, int]:
    with Journal(journal, open_bundle().card) as opened:
        return {path.name: count for path, count in opened.times_computed().items()}


def test_a_folder_becomes_a_table_of_the_models_own_vectors(capsys, folder: Path, tmp_path: Path, pretrained) -> None:
    status, _, err = genre(capsys, "embed", folder, "--out", tmp_path / "songs.parquet")
    assert status == 1
    assert "broken.mp3" in err
    assert "3 recordings, 4 heard now, 1 could not be used" in err
    table = pq.read_table(tmp_path / "songs.parquet").to_pylist()
    assert [Path(row["path"]).name for row in table] == ["a.wav", "b.flac", "c.ogg"]
    for row in table:
        np.testing.assert_allclose(row["embedding"], pretrained.embed(row["path"]).song, atol=1e-4)
        assert row["state"] == pretrained.curve(row["path"]).answer().state


def test_the_same_command_again_hears_only_what_is_new(capsys, folder: Path, tmp_path: Path) -> None:
    arguments = ("embed", folder, "--out", tmp_path / "songs.parquet", "--journal", tmp_path / "journal")
    genre(capsys, *arguments)
    first = (tmp_path / "songs.parquet").read_bytes()
    assert "0 heard now" in genre(capsys, *arguments)[2]
    assert (tmp_path / "songs.parquet").read_bytes() == first
    write_song(folder / "d.wav", 4, seed=9)
    assert "4 recordings, 1 heard now" in genre(capsys, *arguments)[2]
    assert set(heard(tmp_path / "journal").values()) == {1}


def test_what_a_prediction_kept_need_not_be_heard_again(capsys, folder: Path, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    genre(capsys, "predict", folder, "--journal", journal, "--out", tmp_path / "answers.csv")
    assert "0 heard now" in genre(capsys, "embed", folder, "--out", tmp_path / "s.parquet", "--journal", journal)[2]


def test_a_journal_of_an_earlier_version_is_used_and_completed(capsys, folder: Path, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    genre(capsys, "predict", folder, "--journal", journal, "--out", tmp_path / "answers.csv")
    before = (tmp_path / "answers.csv").read_text()
    with sqlite3.connect(journal) as table:
        table.execute("ALTER TABLE recordings DROP COLUMN song_vector")
    table.close()
    assert "0 heard now" in genre(capsys, "predict", folder, "--journal", journal, "--out", tmp_path / "answers.csv")[2]
    assert (tmp_path / "answers.csv").read_text() == before
    answer = genre(capsys, "embed", folder, "--out", tmp_path / "songs.parquet", "--journal", journal)[2]
    assert "3 recordings, 3 heard now" in answer
    assert heard(journal) == {"a.wav": 2, "b.flac": 2, "c.ogg": 2, "broken.mp3": 1}


def test_processes_make_the_same_table(capsys, folder: Path, tmp_path: Path) -> None:
    for name, more in (("one", ()), ("many", ("--executor", "processes", "--workers", "2"))):
        genre(capsys, "embed", folder, "--out", tmp_path / f"{name}.parquet", *more)
    one, many = (pq.read_table(tmp_path / f"{name}.parquet") for name in ("one", "many"))
    assert one.equals(many)


def test_a_song_is_most_like_its_own_copy(capsys, folder: Path, tmp_path: Path) -> None:
    genre(capsys, "embed", folder, "--out", tmp_path / "songs.parquet")
    shutil.copy(folder / "b.flac", tmp_path / "copy.flac")
    arguments = ("similar", tmp_path / "copy.flac", "--in", tmp_path / "songs.parquet")
    status, out, _ = genre(capsys, *arguments, "-n", "2", "--format", "json")
    found = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert Path(found[0]["path"]).name == "b.flac"
    assert found[0]["similarity"] == pytest.approx(1, abs=1e-4)
    assert len(found) == 2
    assert found[0]["similarity"] >= found[1]["similarity"]
    assert "b.flac" in genre(capsys, *arguments)[1]


def test_a_neighbour_is_called_what_predict_calls_it(capsys, folder: Path, tmp_path: Path) -> None:
    genre(capsys, "embed", folder, "--out", tmp_path / "songs.parquet")
    told = genre(capsys, "predict", folder / "b.flac", "--format", "json")[1]
    alike = genre(capsys, "similar", folder / "a.wav", "--in", tmp_path / "songs.parquet", "--format", "json")[1]
    found = {Path(row["path"]).name: row for row in map(json.loads, alike.splitlines())}
    expected = json.loads(told)
    assert (found["b.flac"]["state"], found["b.flac"]["genre"]) == (expected["state"], expected["genre"])
    collection = SongCollection(["a", "b"], np.eye(2), ["jazz", "rock"], ["probable", "mixed"])
    assert [near.name for near in collection.nearest(np.array([1.0, 0.5]))] == ["probably jazz", "it changes"]


def test_a_song_of_the_table_is_not_its_own_neighbour(capsys, folder: Path, tmp_path: Path) -> None:
    genre(capsys, "embed", folder, "--out", tmp_path / "songs.parquet")
    out = genre(capsys, "similar", folder / "a.wav", "--in", tmp_path / "songs.parquet", "--format", "json")[1]
    assert {Path(json.loads(line)["path"]).name for line in out.splitlines()} == {"b.flac", "c.ogg"}


def test_vectors_of_another_network_are_not_compared(capsys, folder: Path, tmp_path: Path) -> None:
    genre(capsys, "embed", folder, "--out", tmp_path / "songs.parquet")
    other = Path(shutil.copytree(pretrained_folder(), tmp_path / "other"))
    with (other / "model.tflite").open("ab") as file:
        file.write(b"\0")
    seal(other, open_bundle().card)
    song, table = folder / "a.wav", tmp_path / "songs.parquet"
    status, _, err = genre(capsys, "similar", song, "--in", table, "--model", other)
    assert status == 2
    assert "another model" in err


@pytest.mark.parametrize("content", [None, b"no table", b"path,genre\n"])
def test_what_is_no_table_of_vectors_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "songs.parquet").write_bytes(content)
    with pytest.raises(ParameterError, match="genre embed"):
        SongCollection.load(tmp_path / "songs.parquet", open_bundle().card)


def test_a_table_of_answers_is_no_table_of_vectors(capsys, folder: Path, tmp_path: Path) -> None:
    genre(capsys, "predict", folder, "--out", tmp_path / "answers.parquet")
    with pytest.raises(ParameterError, match="genre embed"):
        SongCollection.load(tmp_path / "answers.parquet", open_bundle().card)


def test_silence_is_like_nothing(capsys, folder: Path, tmp_path: Path) -> None:
    import soundfile

    genre(capsys, "embed", folder, "--out", tmp_path / "songs.parquet")
    soundfile.write(tmp_path / "silence.wav", np.zeros(5 * 22050), 22050)
    status, _, err = genre(capsys, "similar", tmp_path / "silence.wav", "--in", tmp_path / "songs.parquet")
    assert status == 1
    assert "is silent" in err


def test_the_nearest_are_those_of_an_exhaustive_search(rng: np.random.Generator) -> None:
    vectors = rng.normal(0, 1, (500, 16))
    songs = SongCollection([f"{i}" for i in range(500)], vectors, [None] * 500)
    wanted = rng.normal(0, 1, 16)
    cosine = vectors @ wanted / np.linalg.norm(vectors, axis=1) / np.linalg.norm(wanted)
    for n in (1, 7, 499, 500, 900):
        found = songs.nearest(wanted, n)
        assert [song.path for song in found] == [f"{i}" for i in np.argsort(-cosine)[:n]]
        np.testing.assert_allclose([song.similarity for song in found], np.sort(cosine)[::-1][:n], atol=1e-5)
    assert SongCollection([], np.zeros((0, 16)), []).nearest(wanted) == []
