"""Unknown words are answered by what is near; moments, steps and formats are understood as people write them."""

import argparse
from pathlib import Path

import pytest

from genre_lib import cli
from genre_lib.cli.parsing import format_of, moment
from genre_lib.errors import ParameterError
from tests.conftest import write_song


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        cli.main(list(arguments))
    assert stopped.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["predit", "x.mp3"], "genre predict"),
        (["train"], "genre run"),
        (["eval"], "genre evaluate"),
        (["listen"], "genre dashboard"),
        (["model", "chek"], "genre model check"),
        (["predict", "x.mp3", "--json"], "--format json"),
        (["predict", "x.mp3", "--output", "y"], "--out"),
        (["predict", "x.mp3", "--reports", "y"], "--report"),
        (["run", "--dataset", "x"], "-p dataset"),
    ],
)
def test_what_is_near_is_named(capsys: pytest.CaptureFixture[str], arguments: list[str], meant: str) -> None:
    assert f"did you mean {meant}?" in complaint(capsys, *arguments).replace("`", "")


def test_nothing_near_lists_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert "it has predict, " in complaint(capsys, "xyzzy")
    assert "`genre predict --help` lists its options" in complaint(capsys, "predict", "x.mp3", "--qqqqqq")


def test_a_command_shows_its_own_usage(capsys: pytest.CaptureFixture[str]) -> None:
    err = complaint(capsys, "explain", "x.mp3", "--json", "--at", "1", "--out", "y")
    assert err.startswith("usage: genre explain ")
    assert "COMMAND" not in err


@pytest.mark.parametrize(("text", "seconds"), [("70", 70), ("70.5", 70.5), ("1:10", 70), ("1:02:03", 3723)])
def test_moments_are_seconds_or_a_clock(text: str, seconds: float) -> None:
    assert moment(text) == seconds


@pytest.mark.parametrize("text", ["soon", "1:75", "-3", "1:2:3:4", ""])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="no moment"):
        moment(text)


def test_the_ending_of_the_output_decides_its_format(tmp_path: Path) -> None:
    write_song(tmp_path / "song.wav")
    out = tmp_path / "answers.csv"
    assert cli.main(["predict", str(tmp_path / "song.wav"), "--out", str(out)]) == 0
    assert out.read_text().startswith("path,state,genre")
    formats = {".txt": "table", ".json": "json"}
    assert format_of(None, None, formats) == "table"
    assert format_of("X.JSON", None, formats) == "json"
    assert format_of("answers", "json", formats) == "json"


def test_a_format_that_contradicts_the_ending_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_song(tmp_path / "song.wav")
    out = tmp_path / "answers.csv"
    assert cli.main(["predict", str(tmp_path / "song.wav"), "--format", "json", "--out", str(out)]) == 2
    assert "ends like csv, but --format is json" in capsys.readouterr().err
    assert not out.exists()
    with pytest.raises(ParameterError, match=r"x\.parquet ends like parquet"):
        format_of("x.parquet", "csv", {".csv": "csv", ".parquet": "parquet"})


def test_notebooks_are_copied_and_changed_ones_stay(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    assert cli.main(["notebooks", str(folder)]) == 0
    names = sorted(path.name for path in folder.iterdir())
    assert names[0] == "01_prepare_data.ipynb"
    (folder / names[0]).write_text("changed")
    assert cli.main(["notebooks", str(folder)]) == 0
    assert "kept as it was" in capsys.readouterr().out
    assert (folder / names[0]).read_text() == "changed"


def test_predict_without_anything_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["predict"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "genre predict song.mp3 --report reports" in captured.err


def test_a_file_whose_name_begins_like_an_option_is_told_how_to_name_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_song(tmp_path / "-song.wav", 4)
    with pytest.raises(SystemExit):
        cli.main(["predict", "-song.wav"])
    assert "write ./-song.wav" in capsys.readouterr().err
    assert cli.main(["predict", "./-song.wav"]) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("playlist", "--genre", "jazz", "--out"),
        ("tag", "--out"),
        ("tag", "--audit", "--out"),
        ("tag", "--write", "--changes"),
        ("embed", "--out"),
        ("embed", "--out", "songs.parquet", "--journal"),
        ("predict", "--curves"),
    ],
)
def test_no_output_of_a_command_takes_the_place_of_a_recording(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    song = write_song(tmp_path / "song.wav", 4).read_bytes()
    command, *options = arguments
    assert cli.main([command, ".", *options, "song.wav"]) == 2
    assert "song.wav has the name of a recording" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["song.wav"]
    assert (tmp_path / "song.wav").read_bytes() == song
