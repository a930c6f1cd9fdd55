import json
import shutil
from pathlib import Path

import pytest

from genre_lib.datasets import check_data_set, open_data_set
from genre_lib.errors import DataSetError
from genre_lib.executors import get_executor
from tests.datasets.conftest import write_noise


def test_every_fault_is_reported_with_its_reason(genre_folder: Path) -> None:
    report = check_data_set(genre_folder)
    assert not report.ok
    assert report.genres["polka"].usable == 1
    assert report.genres["polka"].duration_s == pytest.approx(1.5)
    waltz = report.genres["waltz"]
    assert waltz.usable == 1
    assert waltz.silent == ("waltz/silent.wav",)
    reasons = dict(waltz.unreadable)
    assert set(reasons) == {"waltz/empty.mp3", "waltz/short.wav", "waltz/text.wav"}
    assert "shorter than 1 s" in reasons["waltz/short.wav"]
    assert any("No artist is known" in note for note in report.notes)


def test_the_same_content_under_two_names_is_found(genre_folder: Path) -> None:
    shutil.copy(genre_folder / "polka" / "good.wav", genre_folder / "waltz" / "copy.wav")
    assert check_data_set(genre_folder).duplicates == (("polka/good.wav", "waltz/copy.wav"),)


def test_artists_that_cross_the_split_are_named(tmp_path: Path) -> None:
    for i in range(3):
        write_noise(tmp_path / f"{i}.wav", i)
    (tmp_path / "table.csv").write_text(
        "path,genre,artist,split\n0.wav,polka,Anna,train\n1.wav,polka,Anna,test\n2.wav,polka,Bert,test\n"
    )
    report = check_data_set(tmp_path / "table.csv")
    assert report.crossing == {"Anna": ("test", "train")}
    assert "in several splits: Anna (test, train)" in report.to_text()


def test_a_good_data_set_is_ok_in_text_and_json(tmp_path: Path) -> None:
    for i in range(4):
        write_noise(tmp_path / "ab"[i % 2] / f"artist {i}" / "song.wav", i)
    report = check_data_set(open_data_set(tmp_path))
    assert report.ok
    assert "Nothing is wrong." in report.to_text()
    values = json.loads(json.dumps(report.to_dict()))
    assert values["ok"] is True
    assert values["genres"]["a"]["usable"] == 2


def test_the_text_names_every_finding(genre_folder: Path) -> None:
    text = check_data_set(genre_folder).to_text()
    lines = text.splitlines()
    row = next(line for line in lines if line.startswith("waltz"))
    assert row.split() == ["waltz", "1", "3", "1", "0.0"]
    for finding in ("unreadable: waltz/empty.mp3: ", "silent: waltz/silent.wav", "note: No artist is known"):
        assert finding in text


def test_progress_and_executors(genre_folder: Path) -> None:
    calls: list[tuple[int, int | None]] = []
    with get_executor("processes", workers=2) as executor:
        report = check_data_set(
            genre_folder, executor=executor, progress=lambda done, total: calls.append((done, total))
        )
    assert calls[-1] == (6, 6)
    assert report == check_data_set(genre_folder)


def test_a_missing_data_set_is_one_sentence() -> None:
    with pytest.raises(DataSetError):
        check_data_set("nowhere")


@pytest.mark.slow
def test_the_real_features_hold_known_repetitions_and_nothing_crosses(shared) -> None:
    everything = check_data_set(shared / "data" / "gtzan-mel")
    assert ("hiphop.00076", "hiphop.00078") in everything.duplicates
    filtered = check_data_set(open_data_set(shared / "data" / "gtzan-mel"))
    assert filtered.crossing == {}
    assert filtered.duplicates == ()
