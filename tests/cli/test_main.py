"""The command line beyond predict and run: models, data, and how errors end."""

import errno
import json
from pathlib import Path

import pytest

from genre_lib import cli
from tests.conftest import write_song


def test_model_info_prints_the_card(capsys: pytest.CaptureFixture[str], pretrained) -> None:
    assert cli.main(["model", "info"]) == 0
    out = capsys.readouterr().out
    assert pretrained.card.version in out
    for part in ("measured", "limits", "temperature", "accuracy", *pretrained.card.genres):
        assert part in out
    assert cli.main(["model", "info", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == pretrained.card.to_dict()


def test_a_folder_that_is_no_bundle_is_one_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for action in ("info", "check"):
        assert cli.main(["model", action, str(tmp_path)]) == 1
        err = capsys.readouterr().err
        assert "is not a model bundle" in err
        assert len(err.splitlines()) == 1


def test_data_check_reports_what_is_wrong(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for genre in ("polka", "waltz"):
        (tmp_path / genre).mkdir()
        write_song(tmp_path / genre / "good.wav", seed=len(genre))
    (tmp_path / "polka" / "again.wav").write_bytes((tmp_path / "polka" / "good.wav").read_bytes())
    (tmp_path / "waltz" / "broken.wav").write_bytes(b"RIFF")
    assert cli.main(["data", "check", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    for part in ("polka", "waltz", "broken.wav", "again.wav"):
        assert part in out


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    from genre_lib.errors import BundleError

    with pytest.raises(BundleError):
        cli.main(["model", "info", "--debug", str(tmp_path)])


def test_what_nobody_foresaw_is_one_sentence_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise ValueError("surprise")

    monkeypatch.setattr("genre_lib.bundle.files.open_bundle", fail)
    assert cli.main(["model", "info"]) == 1
    assert capsys.readouterr().err == "genre: unexpected ValueError: surprise (--debug shows where)\n"


def test_a_command_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main([])
    assert stopped.value.code == 2
    assert "usage: genre" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["web", "dashboard"])
def test_a_port_that_does_not_exist_is_told(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([command, "--port", "99999"]) != 0
    assert "There is no port 99999" in capsys.readouterr().err


def test_workers_that_would_not_be_used_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.main(["predict", str(tmp_path), "--workers", "2"]) == 2
    assert "--workers needs --executor" in capsys.readouterr().err


def test_a_full_disk_is_called_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "out/model.tflite")

    monkeypatch.setattr("genre_lib.bundle.files.open_bundle", full)
    assert cli.main(["model", "info"]) == 1
    says = "There is no space at out/model.tflite (No space left on device): free some and run the same command again."
    assert capsys.readouterr().err == f"genre: {says}\n"


def test_no_name_of_a_file_moves_the_terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    evil = tmp_path / "\x1b[2Jno\nsong.wav"
    write_song(evil, 4)
    (tmp_path / "\x1b[2Jbroken\n.wav").write_text("words")
    assert cli.main(["embed", str(tmp_path), "--out", str(tmp_path / "songs.parquet")]) == 1
    assert cli.main(["similar", str(write_song(tmp_path / "a.wav", 4)), "--in", str(tmp_path / "songs.parquet")]) == 0
    assert cli.main(["tag", str(evil)]) == 0
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err
    assert r"\x1b[2Jno\nsong.wav" in said.out
