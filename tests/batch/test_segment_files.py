"""Segments as CSV, Audacity labels and cue sheets."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from genre_lib.audio.files import utf8
from genre_lib.batch.predict import Prediction
from genre_lib.batch.segment_files import audacity_labels, cue_sheet, segment_file, segments_csv
from genre_lib.errors import ParameterError
from genre_lib.inference.model import GenreModel
from genre_lib.inference.segments import Segment

PARTS = (
    Segment(0.0, 61.5, "music", "hiphop", 0.8123456789),
    Segment(61.5, 65.52, "silence", None, None),
    Segment(65.52, 6000.0, "probable", "rock", 0.4),
)


def test_csv_has_a_row_a_segment() -> None:
    rows = list(csv.DictReader(io.StringIO(segments_csv([(Path("a, b.mp3"), PARTS)]))))
    assert [row["path"] for row in rows] == ["a, b.mp3"] * 3
    assert [row["state"] for row in rows] == ["music", "silence", "probable"]
    assert rows[0] | {"path": ""} == {
        "path": "", "start_s": "0.000", "stop_s": "61.500",
        "state": "music", "genre": "hiphop", "probability": "0.812346",
    }  # fmt: skip
    assert (rows[1]["genre"], rows[1]["probability"]) == ("", "")


def test_labels_are_those_that_audacity_imports() -> None:
    lines = [line.split("\t") for line in audacity_labels(PARTS).splitlines()]
    assert [line[2] for line in lines] == ["hip hop", "silence", "probably rock"]
    assert [float(number) for number in lines[1][:2]] == [61.5, 65.52]


def test_a_cue_sheet_counts_75_frames_a_second() -> None:
    lines = cue_sheet(Path('/music/my "mix".mp3'), PARTS).splitlines()
    assert lines[0] == "FILE \"my 'mix'.mp3\" MP3"
    assert [line.strip() for line in lines if "INDEX" in line] == [
        "INDEX 01 00:00:00", "INDEX 01 01:01:37", "INDEX 01 01:05:39",
    ]  # fmt: skip
    assert lines[1:3] == ["  TRACK 01 AUDIO", '    TITLE "hip hop"']


def test_a_cue_sheet_has_at_most_99_tracks() -> None:
    many = [Segment(float(i), i + 1.0, "music", "rock", 0.9) for i in range(120)]
    assert sum("TRACK" in line for line in cue_sheet(Path("a.wav"), many).splitlines()) == 99


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"\.csv, \.txt, \.cue"), segment_file(tmp_path / "a.xml"):
        pass


@pytest.mark.parametrize("name", ["two\nlines.mp3", "latin\udce9.mp3"])
def test_names_that_are_no_line_of_text_are_written_as_far_as_they_can_be(
    tmp_path: Path, pretrained: GenreModel, name: str
) -> None:
    song = Prediction(tmp_path / name, pretrained.curve(np.zeros(5 * 22050), 22050))
    with segment_file(tmp_path / "a.csv") as found:
        found.add(song)
    assert next(csv.DictReader((tmp_path / "a.csv").open(newline="")))["path"] == utf8(str(song.path))
    with pytest.raises(ParameterError, match="cannot hold the name"), segment_file(tmp_path / "a.cue") as found:
        found.add(song)


def test_nothing_is_written_where_the_block_fails(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), segment_file(tmp_path / "a.csv"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
