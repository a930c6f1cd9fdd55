"""The widget that shows a song in a notebook."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

import genre_lib
from genre_lib.errors import AudioError
from genre_lib.inference.curve import GenreCurve
from genre_lib.inference.model import GenreModel
from genre_lib.report.player import PIECE_BYTES, Player
from tests.conftest import write_song


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_song(tmp_path / "my_song.wav", seconds=60, rate=44100)


@pytest.fixture
def curve(pretrained: GenreModel, song: Path) -> GenreCurve:
    return pretrained.curve(song)


def test_listen_shows_what_the_model_hears(song: Path, pretrained: GenreModel, curve: GenreCurve) -> None:
    player = genre_lib.listen(song, pretrained)
    assert "<h1>my song</h1>" in player.page
    assert player.data["duration"] == pytest.approx(60, abs=0.01)
    shown = json.loads(player.download("json")[1])
    assert shown["times"] == [round(float(time), 4) for time in curve.times]
    assert shown["segments"][-1]["stop_s"] == pytest.approx(60, abs=0.01)


def test_a_file_that_is_no_song_is_refused(tmp_path: Path, pretrained: GenreModel) -> None:
    (tmp_path / "a.mp3").write_text("text")
    with pytest.raises(AudioError):
        genre_lib.listen(tmp_path / "a.mp3", pretrained)


def test_the_table_has_every_step_of_every_model(song: Path, curve: GenreCurve) -> None:
    player = Player()
    player.show(song, [curve, curve], names=["one", "two"])
    name, content = player.download("csv")
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert name == "my song.csv"
    assert [row["model"] for row in rows].count("two") == len(curve.times)
    found = np.array([[float(row[genre]) for genre in curve.genres] for row in rows[: len(curve.times)]])
    np.testing.assert_allclose(found, curve.belief.probabilities, atol=1e-6)
    raw = np.array([[float(row[f"raw_{genre}"]) for genre in curve.genres] for row in rows[: len(curve.times)]])
    np.testing.assert_allclose(raw, curve.probabilities, atol=1e-6)


def pieces(player: Player, **options: bool) -> tuple[bytes, str]:
    """The recording as the browser asks for it, and its type."""
    got: list[tuple[dict, list]] = []
    player.send = lambda content, buffers=None: got.append((content, buffers))
    content = b""
    while True:
        player._send_sound({"offset": len(content), **options})
        answer, buffers = got[-1]
        assert len(buffers[0]) <= PIECE_BYTES
        content += buffers[0]
        if len(content) >= answer["size"]:
            return content, answer["type"]


def test_the_recording_goes_to_the_browser_in_pieces(song: Path, curve: GenreCurve) -> None:
    player = Player()
    player.show(song, [curve])
    content, kind = pieces(player)
    assert song.stat().st_size > PIECE_BYTES
    assert content == song.read_bytes()
    assert kind == "audio/wav"


def test_what_a_browser_cannot_play_goes_as_mp3(song: Path, curve: GenreCurve) -> None:
    import soundfile

    player = Player()
    player.show(song, [curve])
    content, kind = pieces(player, encoded=True)
    assert kind == "audio/mpeg"
    assert soundfile.info(io.BytesIO(content)).duration == pytest.approx(60, abs=0.2)


def test_a_recording_that_is_gone_is_said(song: Path, curve: GenreCurve) -> None:
    player = Player()
    player.show(song, [curve])
    got: list[dict] = []
    player.send = lambda content, buffers=None: got.append(content)
    song.unlink()
    player._send_sound({"offset": 0})
    assert "cannot be played" in got[0]["trouble"]
