"""Nothing that is written holds NaN or infinity, whatever was heard."""

import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from genre_lib.batch import Journal, write_curves, write_rows
from genre_lib.batch.curve_files import curve_csv, curve_json
from genre_lib.batch.predict import Prediction, predict, to_csv, to_json_lines, to_table
from genre_lib.cli import main
from genre_lib.errors import AudioError
from genre_lib.evaluation.degradation import mp3_audio
from genre_lib.inference.curve import GenreCurve
from genre_lib.report.page import write_report
from genre_lib.report.recording import encode_mp3
from genre_lib.utils.json_files import to_json, write_json
from tests.conftest import write_song


@pytest.fixture(scope="module")
def curve(pretrained_of_module) -> GenreCurve:
    """Of a log-mel alone, whose level nobody knows, with one step beyond all measure."""
    log_mel = np.random.default_rng(0).uniform(-80, 0, (120, 128)).astype(np.float32)
    curve = pretrained_of_module.curve_from_log_mel(log_mel)
    assert np.isnan(curve.level).all()
    level = curve.level.copy()
    level[0] = np.inf
    return replace(curve, level=level)


@pytest.fixture(scope="module")
def pretrained_of_module():
    import genre_lib

    return genre_lib.load_model()


def strictly(text: str) -> object:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def finite_cells(text: str) -> bool:
    return not any(
        cell.lower().lstrip("+-") in ("nan", "inf", "infinity") for row in csv.reader(io.StringIO(text)) for cell in row
    )


def test_json(curve: GenreCurve, tmp_path: Path) -> None:
    prediction = Prediction(Path("song.wav"), curve)
    for line in to_json_lines([prediction], with_curve=True):
        assert strictly(line)["level_dbfs"][:2] == [None, None]
    strictly(curve_json([prediction], ["model"]))
    write_json(tmp_path / "metrics.json", {"loss": math.nan, "by": [math.inf, {"deep": (-math.inf, 1.0)}]})
    assert strictly((tmp_path / "metrics.json").read_text()) == {"loss": None, "by": [None, {"deep": [None, 1.0]}]}
    assert to_json({"a": 1.5}, compact=True) == '{"a":1.5}'


def test_tables(curve: GenreCurve) -> None:
    prediction = Prediction(Path("song.wav"), curve)
    assert finite_cells("\n".join(to_csv([prediction])))
    assert finite_cells(curve_csv([curve], ["model"]))
    assert "nan" not in "\n".join(to_table([prediction])).lower()


def test_parquet(curve: GenreCurve, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")
    prediction = Prediction(Path("song.wav"), curve)
    write_rows([prediction], tmp_path / "rows.parquet", curve.card)
    write_curves([prediction], tmp_path / "curves.parquet", curve.card)
    for name in ("rows.parquet", "curves.parquet"):
        for column in parquet.read_table(tmp_path / name).columns:
            assert all(
                value is None or not isinstance(value, float) or math.isfinite(value) for value in column.to_pylist()
            )
    assert parquet.read_table(tmp_path / "curves.parquet")["level_dbfs"].null_count == len(curve.times)


def test_report(curve: GenreCurve, tmp_path: Path) -> None:
    text = write_report(curve, None, tmp_path / "report.html").read_text("utf-8")
    assert ">nan" not in text.lower()
    assert "NaN" not in text.split("<script")[0]


@pytest.mark.parametrize("scale", [2.0**23, 2.0**31, 1e6])
def test_samples_far_beyond_full_scale_end_no_process(tmp_path: Path, pretrained, scale: float) -> None:
    samples, rate = soundfile.read(write_song(tmp_path / "song.wav", 4), dtype="float32")
    loud = tmp_path / "loud.wav"
    soundfile.write(loud, samples * np.float32(scale), rate, subtype="FLOAT")
    heard, usual = pretrained.curve(loud), pretrained.curve(tmp_path / "song.wav")
    # The network does not hear the level: the answer is that of the song.
    assert heard.answer().probabilities == pytest.approx(usual.answer().probabilities, abs=0.02)
    decoded, _ = soundfile.read(io.BytesIO(encode_mp3(loud, heard)))
    assert 0.5 < np.abs(decoded).max() < 1.5
    write_report(heard, loud, tmp_path / "report.html")
    degraded = mp3_audio(samples * np.float32(scale), 64, sample_rate=rate)
    assert np.isfinite(degraded).all()
    assert np.abs(degraded).max() == pytest.approx(scale * np.abs(samples).max(), rel=0.3)


def test_what_gives_no_answer_is_refused_and_nothing_else_is_lost(capsys, tmp_path: Path) -> None:
    write_song(tmp_path / "a.wav", 4)
    soundfile.write(tmp_path / "b.wav", np.full(88200, 1e20, np.float32), 22050, subtype="FLOAT")
    write_song(tmp_path / "c.wav", 4)
    status = main(["predict", str(tmp_path), "--format", "json", "--report", str(tmp_path / "reports")])
    rows = [strictly(line) for line in capsys.readouterr().out.splitlines()]
    assert status == 1
    assert ["error" in row for row in rows] == [False, True, False]


def test_a_log_mel_of_no_numbers_is_refused(pretrained) -> None:
    log_mel = np.full((60, 128), np.nan, np.float32)
    with pytest.raises(AudioError, match="no answer"):
        pretrained.curve_from_log_mel(log_mel)


def test_a_journal_gives_back_what_was_heard(tmp_path: Path, pretrained) -> None:
    song = write_song(tmp_path / "song.wav", 4)
    with Journal(tmp_path / "journal.db", pretrained.card) as journal:
        from genre_lib.batch import predict_into

        list(predict_into(journal, [song]))
        for line in to_json_lines(journal.results([song]), with_curve=True):
            strictly(line)
    assert all(isinstance(result, Prediction) for result in predict(song))
