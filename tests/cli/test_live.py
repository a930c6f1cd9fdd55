"""`genre live` on a file and on standard input, with a log."""

import io
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from genre_lib.audio.decoding import load_audio
from genre_lib.cli.main import main
from genre_lib.errors import AudioError
from tests.conftest import write_song


def test_a_file_is_heard_and_logged(tmp_path: Path, capsys: pytest.CaptureFixture[str], pretrained) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    song = write_song(tmp_path / "song.wav", seconds=30)
    log = tmp_path / "log.parquet"
    assert main(["live", str(song), "--fast", "--plain", "--log", str(log)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("0:30 heard: ")
    rows = parquet.read_table(log).to_pylist()
    curve = pretrained.curve(song)
    assert abs(len(rows) - len(curve.times)) <= 1
    assert [row["time_s"] for row in rows] == pytest.approx(curve.times[: len(rows)])
    first = rows[0]
    assert sum(first[genre] for genre in curve.genres) == pytest.approx(1, abs=1e-5)
    assert first["at"] < rows[-1]["at"]


def test_standard_input_is_raw_samples(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = (3000 * np.random.default_rng(0).standard_normal(44100 * 6)).astype("<i2")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(samples.tobytes())))
    assert main(["live", "-", "--rate", "44100", "--plain"]) == 0
    assert "heard: " in capsys.readouterr().out


def test_too_little_sound_is_said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"\0" * 100)))
    assert main(["live", "-", "--plain"]) == 1
    assert "the model needs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.mp3"], "does not exist"),
        (["-", "--rate", "10"], "--rate"),
        (["--rate", "44100"], "--rate"),
        (["-", "--device", "1"], "--device"),
        (["-", "--steadiness", "0"], "--steadiness"),
        (["-", "--log", "day.csv"], ".parquet"),
    ],
)
def test_what_does_not_go_together_is_said(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["live", *arguments]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_log_and_keeps_it(tmp_path: Path, ending: signal.Signals) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    song, log = write_song(tmp_path / "song.wav", seconds=120), tmp_path / "log.parquet"
    command = [sys.executable, "-u", "-m", "genre_lib.cli", "live", str(song), "--plain", "--log", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        # The first moment is told: it listens.
        assert process.stdout.readline()
        process.send_signal(ending)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "heard: " in said
    assert parquet.read_table(log).num_rows > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.parquet", "song.wav"]


def test_a_stream_that_fails_leaves_what_was_logged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    song, log = write_song(tmp_path / "song.wav", seconds=60), tmp_path / "log.parquet"

    def breaking(*arguments: object, **options: object) -> Iterator[np.ndarray]:
        samples = load_audio(song, 22050)
        yield from np.array_split(samples, 60)
        raise AudioError("The stream is gone.")

    monkeypatch.setattr("genre_lib.cli.live._blocks", breaking)
    assert main(["live", str(song), "--plain", "--log", str(log)]) == 1
    assert "The stream is gone." in capsys.readouterr().err
    assert parquet.read_table(log).num_rows > 60


def test_a_log_that_is_there_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    song, log = write_song(tmp_path / "song.wav", seconds=4), tmp_path / "log.parquet"
    log.write_bytes(b"of yesterday")
    assert main(["live", str(song), "--fast", "--plain", "--log", str(log)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert log.read_bytes() == b"of yesterday"
