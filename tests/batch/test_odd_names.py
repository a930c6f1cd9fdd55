"""Names that are no text, and paths that are no files, end no batch, and what is written can be read."""

import csv
import io
import json
import os
from pathlib import Path

import pytest

from genre_lib.batch import predict as batch
from genre_lib.cli import main
from genre_lib.errors import ParameterError
from tests.conftest import write_song

NAMES = {
    "latin": os.fsdecode(b"m\xe9lodie.wav"),
    "lines": "two\nlines\tand a tab.wav",
    "colour": "\x1b[31mred.wav",
    "long": "x" * 251 + ".wav",
    "quotes": "a \"quoted\", 'name'.wav",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "odd"
    folder.mkdir()
    song = write_song(tmp_path / "song.wav", 3)
    for name in NAMES.values():
        (folder / name).write_bytes(song.read_bytes())
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    status = main(["predict", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_json_gives_the_names_back_as_they_are(capsys, folder: Path) -> None:
    status, out, _ = run(capsys, folder, "--format", "json")
    found = {json.loads(line)["path"] for line in out.splitlines()}
    assert (status, found) == (0, {str(folder / name) for name in NAMES.values()})


def test_csv_from_a_journal_has_a_row_for_every_name(capsys, folder: Path, tmp_path: Path) -> None:
    for _ in range(2):
        status, _, _ = run(capsys, folder, "--out", tmp_path / "rows.csv", "--journal", tmp_path / "rows.db")
        rows = list(csv.DictReader(io.StringIO((tmp_path / "rows.csv").read_text("utf-8"), newline="")))
        assert status == 0
        assert {Path(row["path"]).name for row in rows} == {
            "m\\xe9lodie.wav", NAMES["lines"], NAMES["colour"], NAMES["long"], NAMES["quotes"]
        }  # fmt: skip


def test_a_table_has_a_line_for_every_name(capsys, folder: Path) -> None:
    status, out, err = run(capsys, folder)
    lines = out.splitlines()
    assert (status, err, len(lines)) == (0, "", 1 + len(NAMES))
    assert "\x1b" not in out
    assert any(line.endswith("two\\nlines\\tand a tab.wav") for line in lines)


def test_parquet_takes_every_name(capsys, folder: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")
    out, curves = tmp_path / "rows.parquet", tmp_path / "curves.parquet"
    assert run(capsys, folder, "--out", out, "--curves", curves)[0] == 0
    for path in (out, curves):
        assert str(folder / "m\\xe9lodie.wav") in set(parquet.read_table(path)["path"].to_pylist())


def test_each_recording_has_one_report_whatever_it_is_called(capsys, folder: Path, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    for _ in range(2):
        assert run(capsys, folder, "--report", reports)[0] == 0
        assert len(list(reports.iterdir())) == len(NAMES)


def test_recordings_of_one_name_have_a_report_each_and_keep_it(capsys, tmp_path: Path) -> None:
    for place in ("one", "other"):
        (tmp_path / place).mkdir()
        write_song(tmp_path / place / "song.wav", 3 if place == "one" else 5)
    found = []
    for _ in range(2):
        run(capsys, tmp_path / "one", tmp_path / "other", "--report", tmp_path / "reports")
        found.append({path.name: path.read_text("utf-8") for path in (tmp_path / "reports").iterdir()})
    assert len(found[0]) == 2
    assert found[0] == found[1]


def test_paths_that_are_no_files_get_a_sentence_and_the_rest_is_heard(capsys, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "loop.wav").symlink_to(tmp_path / "loop.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    odd = ["", tmp_path / "loop.wav", tmp_path / "pipe.wav", "/dev/null", tmp_path / "/".join(["deep"] * 1000)]
    status, out, err = run(capsys, *odd, folder / NAMES["latin"], "--format", "json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert status == 1
    assert len(err.splitlines()) == len(odd)
    assert [bool(row.get("error")) for row in rows].count(True) == len(odd)
    assert rows[-1]["genre"]


def test_a_string_is_one_path(song: Path) -> None:
    results = list(batch.predict(str(song)))
    assert [result.path for result in results] == [song]


@pytest.mark.parametrize("paths", [None, float("nan"), 3, [], [None], [float("nan")], "", [""], {}])
def test_what_is_no_path_is_refused(paths: object) -> None:
    with pytest.raises(ParameterError, match="path"):
        batch.predict(paths)
