"""Genres called as columns are called take no place of theirs."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genre_lib.batch import write_curves, write_rows
from genre_lib.batch.columns import genre_columns
from genre_lib.batch.curve_files import curve_csv
from genre_lib.batch.predict import Prediction, Unusable, to_csv

ODD = ("path", "error", "genre", "time_s", "level_dbfs", "state", "probability", "model", "duration_s", "genre_path")


@pytest.fixture
def prediction(pretrained) -> Prediction:
    log_mel = np.random.default_rng(1).uniform(-80, 0, (60, 128)).astype(np.float32)
    curve = pretrained.curve_from_log_mel(log_mel, np.full(60, 0.01, np.float32))
    return Prediction(Path("song.wav"), replace(curve, card=replace(curve.card, genres=ODD)))


def test_names_stay_where_they_can() -> None:
    assert genre_columns(["rock", "jazz"], ["path"]) == {"rock": "rock", "jazz": "jazz"}
    columns = genre_columns(ODD, ["path", "error", "state"])
    assert len(set(columns.values()) | {"path", "error", "state"}) == len(ODD) + 3
    assert columns["genre_path"] == "genre_path"


def test_csv_keeps_path_error_and_every_genre(prediction: Prediction) -> None:
    rows = list(csv.DictReader(io.StringIO("\n".join(to_csv([prediction, Unusable(Path("no.wav"), "not music")])))))
    assert [(row["path"], row["error"]) for row in rows] == [("song.wav", ""), ("no.wav", "not music")]
    values = prediction.to_dict()["probabilities"]
    assert float(rows[0]["genre_error"]) == pytest.approx(values["error"])
    assert rows[0]["genre"] in ODD


def test_parquet_keeps_every_column(prediction: Prediction, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")
    card = prediction.curve.card
    write_rows([prediction, Unusable(Path("no.wav"), "not music")], tmp_path / "rows.parquet", card)
    write_curves([prediction], tmp_path / "curves.parquet", card)
    rows, curves = (parquet.read_table(tmp_path / name) for name in ("rows.parquet", "curves.parquet"))
    for table in (rows, curves):
        assert len(set(table.column_names)) == len(table.column_names)
    assert rows["path"].to_pylist() == ["song.wav", "no.wav"]
    assert curves["time_s"].to_pylist() == pytest.approx(prediction.curve.times.tolist())


def test_curve_files_have_each_column_once(prediction: Prediction) -> None:
    header = next(csv.reader(io.StringIO(curve_csv([prediction.curve], ["one"]))))
    assert len(set(header)) == len(header)
