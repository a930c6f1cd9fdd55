"""What the machine did not let be read is tried again; what a file lacks is remembered."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from genre_lib.batch import Journal, predict_into, watch
from genre_lib.batch.predict import Prediction, Unusable
from tests.conftest import write_song


def test_a_file_that_may_be_read_again_is_heard_by_the_same_command(tmp_path: Path) -> None:
    song = write_song(tmp_path / "song.wav", 3)
    (tmp_path / "broken.wav").write_bytes(b"words, not music" * 100)
    command = [sys.executable, "-m", "genre_lib.cli", "predict", str(song), str(tmp_path / "broken.wav")]
    command += ["--out", str(tmp_path / "rows.csv"), "--journal", str(tmp_path / "rows.db")]
    # Root may read everything unless it lets go of that.
    without = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []

    def rows() -> list[dict[str, str]]:
        return list(csv.DictReader((tmp_path / "rows.csv").open(newline="")))

    song.chmod(0)
    first = subprocess.run([*without, *command], capture_output=True, text=True, check=False)
    assert (first.returncode, rows()[0]["error"]) == (1, f"{song} may not be read: change its permissions.")
    assert rows()[1]["error"]
    song.chmod(0o644)
    second = subprocess.run([*without, *command], capture_output=True, text=True, check=False)
    assert (rows()[0]["error"], bool(rows()[0]["genre"])) == ("", True)
    # The other was known before, and not read again.
    assert "1 heard now" in second.stderr


def test_a_file_that_is_gone_is_asked_for_by_every_batch(tmp_path: Path, pretrained) -> None:
    song = tmp_path / "song.wav"
    with Journal(tmp_path / "journal.db", pretrained.card) as journal:
        for times in (1, 2):
            assert [type(result) for result in predict_into(journal, [song])] == [Unusable]
            assert journal.times_computed()[song] == times
        write_song(song, 3)
        assert [type(result) for result in predict_into(journal, [song])] == [Prediction]
        assert list(predict_into(journal, [song])) == []


class Enough(Exception):
    """The watch has looked often enough."""


def test_a_watch_says_once_what_it_cannot_reach(tmp_path: Path, pretrained) -> None:
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "gone.wav").symlink_to(tmp_path / "nothing.wav")
    looks = iter(range(10))

    def wait(_: float) -> None:
        if next(looks) == 5:
            raise Enough

    said = []
    with Journal(tmp_path / "journal.db", pretrained.card) as journal, pytest.raises(Enough):
        said.extend(watch(journal, [tmp_path / "music"], wait=wait))
    assert [type(result) for result in said] == [Unusable]
    assert "a link to a file that is not there" in said[0].error
