"""`genre predict` as a user calls it, on good and bad files."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import genre_lib
from genre_lib import cli
from genre_lib.inference.curve import GenreCurve
from genre_lib.inference.model import GenreModel
from tests.conftest import write_song


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three good recordings, one of them below another folder, and a text that is none of our business."""
    folder = tmp_path / "music"
    (folder / "more").mkdir(parents=True)
    write_song(folder / "a.wav", seed=1)
    write_song(folder / "b.flac", seed=2)
    write_song(folder / "more" / "c.ogg", seed=3)
    (folder / "readme.txt").write_text("not audio")
    return folder


def predict(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    status = cli.main(["predict", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_json_has_one_object_a_line(capsys, folder: Path, pretrained) -> None:
    status, out, err = predict(capsys, folder, "--format", "json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert (status, err) == (0, "")
    assert [Path(row["path"]).name for row in rows] == ["a.wav", "b.flac", "c.ogg"]
    for row in rows:
        assert set(row) == {"path", "genre", "state", "probabilities", "duration_s"}
        assert tuple(row["probabilities"]) == pretrained.card.genres
        assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-4)
        assert row["duration_s"] == pytest.approx(8, abs=0.1)


def test_curve_adds_times_and_probabilities(capsys, folder: Path) -> None:
    _, out, _ = predict(capsys, folder / "a.wav", "--format", "json", "--curve")
    row = json.loads(out)
    assert all(len(values) == len(row["times"]) for values in row["curve"].values())
    assert len(row["step_state"]) == len(row["level_dbfs"]) == len(row["times"]) > 20
    assert np.all(np.diff(row["times"]) > 0)


def test_curve_without_json_is_wrong_usage(capsys, folder: Path) -> None:
    status, _, err = predict(capsys, folder, "--curve")
    assert status == 2
    assert "--format json" in err


def test_csv_has_a_column_for_every_genre(capsys, folder: Path, pretrained) -> None:
    (folder / "aa.wav").write_bytes(b"")
    status, out, _ = predict(capsys, folder, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert status == 1
    assert len(rows) == 4
    assert set(pretrained.card.genres) < set(rows[0])
    assert [bool(row["error"]) for row in rows] == [False, True, False, False]


def test_table_and_output_file(capsys, folder: Path, tmp_path: Path) -> None:
    status, out, _ = predict(capsys, folder, "--out", tmp_path / "table.txt")
    assert (status, out) == (0, "")
    assert len((tmp_path / "table.txt").read_text().splitlines()) == 4


def test_an_interrupt_leaves_the_table_of_before_and_what_was_done(
    capsys, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "table.csv"
    out.write_text("of last week\n")
    heard = GenreModel.curve

    def until_b(model: GenreModel, source: Path) -> GenreCurve:
        if source.name == "b.flac":
            raise KeyboardInterrupt
        return heard(model, source)

    monkeypatch.setattr(GenreModel, "curve", until_b)
    status, _, err = predict(capsys, folder, "--out", out)
    assert (status, out.read_text()) == (130, "of last week\n")
    part = tmp_path / "table.csv.part"
    assert [Path(row["path"]).name for row in csv.DictReader(part.open())] == ["a.wav"]
    assert f"{part} holds what was done until now" in err
    monkeypatch.setattr(GenreModel, "curve", heard)
    assert predict(capsys, folder, "--out", out)[0] == 0
    assert (len(out.read_text().splitlines()), part.exists()) == (4, False)


def bad_files(folder: Path) -> dict[str, str]:
    """Unusable files by name, each with a part of the sentence it must give."""
    (folder / "empty.wav").write_bytes(b"")
    (folder / "words.mp3").write_text("these are words " * 100)
    write_song(folder / "short.wav", 0.2)
    (folder / "nothing").mkdir()
    return {
        "empty.wav": "is empty",
        "words.mp3": "not a sound file",
        "short.wav": "0.20 s long",
        "nothing": "no audio",
        "no.wav": "does not exist",
    }


def test_what_cannot_be_used_gets_one_sentence_and_the_rest_is_done(capsys, folder: Path) -> None:
    bad = bad_files(folder)
    status, out, err = predict(
        capsys, folder / "a.wav", *(folder / name for name in bad), folder / "b.flac", "--format", "json"
    )
    rows = {Path(row["path"]).name: row for row in map(json.loads, out.splitlines())}
    assert status == 1
    assert rows["a.wav"]["genre"]
    assert rows["b.flac"]["genre"]
    assert len(err.splitlines()) == len(bad)
    for name, says in bad.items():
        assert says in rows[name]["error"]
        assert any(says in line and name in line for line in err.splitlines())


def test_silence_is_an_answer(capsys, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(22050 * 4), 22050)
    status, out, err = predict(capsys, tmp_path / "silent.wav", "--format", "json")
    row = json.loads(out)
    assert (status, err, row["state"], row["genre"]) == (0, "", "silence", None)


def test_a_truncated_mp3_is_answered_with_a_warning(capsys, tmp_path: Path) -> None:
    song = write_song(tmp_path / "song.wav", 20)
    whole = tmp_path / "whole.mp3"
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(song), "-b:a", "128k", str(whole)], check=True)
    truncated = tmp_path / "truncated.mp3"
    truncated.write_bytes(whole.read_bytes()[:100_000])
    status, out, err = predict(capsys, truncated, "--format", "json")
    assert status == 0
    assert json.loads(out)["duration_s"] < 10
    assert "the rest is missing" in err
    assert len(err.splitlines()) == 1
    # Whoever reads the table later has not seen standard error.
    assert json.loads(out)["warning"] in err
    _, table, _ = predict(capsys, truncated, whole, "--format", "csv")
    warnings = [row["warning"] for row in csv.DictReader(io.StringIO(table))]
    assert (warnings[0] in err, warnings[1]) == (True, "")
    curve = genre_lib.load_model().curve(truncated)
    assert curve.warning is not None
    assert curve.warning in repr(curve)
    assert genre_lib.load_model().predict(truncated)["warning"].tolist() == [curve.warning]


def test_processes_give_the_same_answers(capsys, folder: Path) -> None:
    _, serial, _ = predict(capsys, folder, "--format", "json")
    status, parallel, _ = predict(capsys, folder, "--format", "json", "--executor", "processes", "--workers", "2")
    assert status == 0
    assert sorted(parallel.splitlines()) == sorted(serial.splitlines())


def test_an_unknown_model_is_one_sentence(capsys, folder: Path) -> None:
    status, out, err = predict(capsys, folder, "--model", folder)
    assert (status, out) == (1, "")
    assert "is not a model bundle" in err


def test_without_a_recording_it_explains_itself(capsys) -> None:
    assert cli.main(["predict"]) == 2
    assert "genre predict song.mp3" in capsys.readouterr().err


def test_wrong_usage_is_status_two(capsys) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["predict", "song.mp3", "--format", "wax"])
    assert stopped.value.code == 2


def test_the_installed_command_answers(folder: Path) -> None:
    command = [sys.executable, "-m", "genre_lib.cli", "predict", str(folder / "a.wav"), "--format", "json"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout)["genre"]


def variants(clip: Path, out: Path) -> list[Path]:
    """One recording in the ways people have it: wav, mp3 at 128 kbit/s, stereo, 48 kHz, and 30 dB quieter."""
    ways = {
        "wav.wav": [],
        "mp3.mp3": ["-b:a", "128k"],
        "stereo.flac": ["-ac", "2"],
        "48k.flac": ["-ar", "48000"],
        "quiet.flac": ["-af", "volume=-30dB"],
    }
    paths = [out / f"{clip.stem}.{name}" for name in ways]
    # One call for all: starting it five times takes longer than the work.
    outputs = [part for path, options in zip(paths, ways.values(), strict=True) for part in (*options, str(path))]
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(clip), *outputs], check=True)
    return paths


@pytest.mark.slow
def test_real_clips_give_the_same_answer_in_every_form(real_clips: list[Path], pretrained, tmp_path: Path) -> None:
    assert len(real_clips) == 66
    same = dict.fromkeys(("wav", "mp3", "stereo", "48k", "quiet"), 0)
    for clip in real_clips:
        reference = pretrained.curve(clip).answer()
        for path in variants(clip, tmp_path):
            answer = pretrained.curve(path).answer()
            far = max(abs(answer.probabilities[genre] - p) for genre, p in reference.probabilities.items())
            same[path.name.split(".")[2]] += answer.genre == reference.genre and far <= 0.1
            path.unlink()
    assert all(count >= 0.95 * len(real_clips) for count in same.values()), same
