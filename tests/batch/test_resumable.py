"""Batches: resumed after kills without hearing anything twice, as tables, on clusters, and in folders that grow."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from genre_lib import batch, cli
from genre_lib.batch.predict import Prediction, Unusable
from genre_lib.errors import GenreLibError
from tests.clusters import REPOSITORY, started_by_hand
from tests.conftest import write_song


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three good recordings and a broken one."""
    folder = tmp_path / "music"
    folder.mkdir()
    for seed, name in enumerate(("a.wav", "b.flac", "c.ogg")):
        write_song(folder / name, 4, seed=seed)
    (folder / "broken.mp3").write_text("these are words " * 100)
    return folder


def predict(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    status = cli.main(["predict", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def journal_of(path: Path, pretrained) -> batch.Journal:
    return batch.Journal(path, pretrained.card)


def heard(path: Path, pretrained) -> dict[str, int]:
    with journal_of(path, pretrained) as journal:
        return {recording.name: count for recording, count in journal.times_computed().items()}


def test_a_second_run_hears_nothing_and_writes_the_same(capsys, folder: Path, tmp_path: Path, pretrained) -> None:
    arguments = (folder, "--format", "csv", "--out", tmp_path / "table.csv", "--journal", tmp_path / "journal")
    status, _, err = predict(capsys, *arguments)
    first = (tmp_path / "table.csv").read_text()
    assert status == 1
    assert "broken.mp3" in err
    assert "4 heard now" in err
    status, _, err = predict(capsys, *arguments)
    assert status == 1
    assert "0 heard now" in err
    assert "4 known before" in err
    assert (tmp_path / "table.csv").read_text() == first
    assert set(heard(tmp_path / "journal", pretrained).values()) == {1}


def test_a_batch_says_what_plain_prediction_says(capsys, folder: Path, tmp_path: Path) -> None:
    options = (folder, "--format", "json", "--curve")
    plain, kept = (
        [json.loads(line) for line in predict(capsys, *options, *more)[1].splitlines()]
        for more in ((), ("--journal", tmp_path / "journal"))
    )
    assert len(plain) == 4
    for here, there in zip(kept, plain, strict=True):
        assert set(here) == set(there)
        for name in {"path", "error", "state", "genre", "times", "step_state", "duration_s"} & set(here):
            assert here[name] == there[name]
        for genre, values in there.get("curve", {}).items():
            # The number of threads decides the order of sums.
            assert here["curve"][genre] == pytest.approx(values, abs=1e-5)


def test_what_changed_is_heard_again_and_what_is_gone_leaves_the_table(
    capsys, folder: Path, tmp_path: Path, pretrained
) -> None:
    arguments = (folder, "--format", "csv", "--out", tmp_path / "table.csv", "--journal", tmp_path / "journal")
    predict(capsys, *arguments)
    write_song(folder / "a.wav", 6, seed=5)
    write_song(folder / "d.wav", 4, seed=6)
    (folder / "b.flac").unlink()
    _, _, err = predict(capsys, *arguments)
    assert "2 heard now" in err
    assert heard(tmp_path / "journal", pretrained) == {"a.wav": 2, "b.flac": 1, "c.ogg": 1, "broken.mp3": 1, "d.wav": 1}
    rows = {Path(row["path"]).name: row for row in csv.DictReader((tmp_path / "table.csv").open())}
    assert set(rows) == {"a.wav", "c.ogg", "broken.mp3", "d.wav"}
    assert float(rows["a.wav"]["duration_s"]) == pytest.approx(6, abs=0.01)


def test_retry_hears_only_what_had_failed(capsys, folder: Path, tmp_path: Path, pretrained) -> None:
    arguments = (folder, "--format", "csv", "--out", tmp_path / "table.csv", "--journal", tmp_path / "journal")
    predict(capsys, *arguments)
    predict(capsys, *arguments, "--retry")
    assert heard(tmp_path / "journal", pretrained) == {"a.wav": 1, "b.flac": 1, "c.ogg": 1, "broken.mp3": 2}


def test_another_model_hears_everything_again(folder: Path, tmp_path: Path, pretrained) -> None:
    from dataclasses import replace

    recordings = sorted(folder.iterdir())
    with journal_of(tmp_path / "journal", pretrained) as journal:
        list(batch.predict_into(journal, recordings))
        assert journal.missing(recordings) == []
    with batch.Journal(tmp_path / "journal", replace(pretrained.card, version="other")) as journal:
        assert len(journal.missing(recordings)) == 4
        assert list(journal.results(recordings)) == []


def test_two_batches_cannot_share_a_journal(tmp_path: Path, pretrained) -> None:
    with journal_of(tmp_path / "journal", pretrained), pytest.raises(GenreLibError, match="another batch is using it"):
        journal_of(tmp_path / "journal", pretrained)


def test_a_file_that_is_no_journal_is_left_alone(capsys, folder: Path) -> None:
    notes = folder / "notes.txt"
    notes.write_text("these are words " * 100)
    status, _, err = predict(capsys, folder / "a.wav", "--journal", notes)
    assert status == 1
    assert "cannot be used as a journal" in err
    assert notes.read_text() == "these are words " * 100


def test_parquet_and_csv_hold_the_same_table(capsys, folder: Path, tmp_path: Path, pretrained) -> None:
    soundfile.write(folder / "silent.wav", np.zeros(22050 * 3), 22050)
    whole = (folder / "b.flac").read_bytes()
    (folder / "b.flac").write_bytes(whole[: len(whole) // 2])
    status, _, _ = predict(capsys, folder, "--format", "parquet", "--out", tmp_path / "table.parquet")
    assert status == 1
    predict(capsys, folder, "--format", "csv", "--out", tmp_path / "table.csv")
    table = pd.read_parquet(tmp_path / "table.parquet")
    genres = list(pretrained.card.genres)
    assert list(table) == ["path", "state", "genre", "probability", "duration_s", *genres, "error", "warning"]
    assert all(table[name].dtype == np.float64 for name in ("probability", "duration_s", *genres))
    there = pd.read_csv(tmp_path / "table.csv")
    pd.testing.assert_frame_equal(table.fillna(np.nan), there, check_dtype=False, check_exact=False)
    by_name = table.set_index(table["path"].map(lambda path: Path(path).name))
    assert by_name["error"].notna().to_dict() == {
        "a.wav": False,
        "b.flac": False,
        "broken.mp3": True,
        "c.ogg": False,
        "silent.wav": False,
    }
    assert by_name["warning"].dropna().index.tolist() == ["b.flac"]
    assert "the rest is missing" in by_name.loc["b.flac", "warning"]
    assert by_name.loc["silent.wav", "state"] == "silence"
    assert pd.isna(by_name.loc["silent.wav", "genre"])
    assert by_name.loc["broken.mp3", genres].isna().all()
    assert table[genres].sum(axis=1)[table["error"].isna()].to_numpy() == pytest.approx(1, abs=1e-4)


def test_curves_have_one_row_a_step(capsys, folder: Path, tmp_path: Path, pretrained) -> None:
    predict(capsys, folder, "--curves", tmp_path / "curves.parquet")
    curves = pd.read_parquet(tmp_path / "curves.parquet")
    genres = list(pretrained.card.genres)
    raw = [f"raw_{genre}" for genre in genres]
    assert list(curves) == ["path", "time_s", "state", "genre", "level_dbfs", *genres, "raw_state", *raw]
    assert all(curves[name].dtype == np.float32 for name in ("level_dbfs", *genres, *raw))
    expected = pretrained.curve(folder / "a.wav")
    found = curves[curves["path"] == str(folder / "a.wav")]
    assert found["time_s"].to_numpy() == pytest.approx(expected.times)
    assert found[genres].to_numpy() == pytest.approx(expected.belief.probabilities, abs=1e-6)
    assert found["state"].tolist() == expected.belief.state.tolist()
    assert found[raw].to_numpy() == pytest.approx(expected.probabilities, abs=1e-6)
    assert found["raw_state"].tolist() == expected.state.tolist()
    assert curves["path"].nunique() == 3


def test_more_rows_than_fit_a_group_all_arrive(folder: Path, tmp_path: Path, pretrained) -> None:
    curve = pretrained.curve(folder / "a.wav")
    results = (Prediction(Path(f"{i}.wav"), curve) if i % 3 else Unusable(Path(f"{i}.wav"), "no") for i in range(2500))
    assert batch.write_rows(results, tmp_path / "table.parquet", pretrained.card) == 2500
    assert pd.read_parquet(tmp_path / "table.parquet")["path"].tolist() == [f"{i}.wav" for i in range(2500)]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["--format", "parquet"], "needs --out"), (["--watch"], "give --out, --curves or --journal")],
)
def test_a_batch_without_a_place_is_wrong_usage(capsys, folder: Path, arguments: list[str], says: str) -> None:
    status, _, err = predict(capsys, folder, *arguments)
    assert status == 2
    assert says in err


@pytest.mark.parametrize("more", [(), ("--journal", "kept")])
def test_no_output_takes_the_place_of_a_recording(capsys, folder: Path, monkeypatch, more: tuple[str, ...]) -> None:
    monkeypatch.chdir(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "unnamed").write_bytes(before["a.wav"])
    for out in ("a.wav", "new.flac", "unnamed"):
        status, _, err = predict(capsys, "a.wav", "unnamed", "--format", "csv", "--out", out, *more)
        assert status == 2
        assert err == f"genre: --out {out} has the name of a recording: choose another, it would be overwritten.\n"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {**before, "unnamed": before["a.wav"]}


def test_outputs_that_are_one_file_are_refused(capsys, folder: Path) -> None:
    status, _, err = predict(capsys, folder, "--format", "csv", "--out", folder / "t", "--journal", folder / "t")
    assert status == 2
    assert "--journal and --out name the same file" in err


def test_a_table_may_go_to_a_device_or_through_a_link(folder: Path, tmp_path: Path) -> None:
    """What is written as a whole takes the place of what was there: not of a pipe or a link."""
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("real.csv")
    for out, said in (("/dev/stdout", 5), (tmp_path / "link.csv", 0)):
        process = start(folder, "--format", "csv", "--out", out, "--journal", tmp_path / "j", stdout=subprocess.PIPE)
        table, err = process.communicate(timeout=60)
        assert process.returncode == 1, err
        assert len(table.splitlines()) == said
    assert Path("/dev/stdout").is_symlink()
    assert (tmp_path / "link.csv").is_symlink()
    assert len((tmp_path / "real.csv").read_text().splitlines()) == 5


def limited(n_bytes: int):
    """Files of the process that starts may not grow beyond that: to it the disk is full."""

    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))

    return limit


@pytest.mark.parametrize(
    ("options", "n_bytes"),
    [
        (("--format", "csv", "--out", "OUT"), 200),
        (("--format", "csv", "--out", "OUT", "--journal", "KNOWN"), 200),
        (("--format", "parquet", "--out", "OUT", "--journal", "KNOWN"), 200),
        (("--curves", "OUT", "--journal", "KNOWN"), 200),
        (("--report", "OUT"), 5000),
        (("--format", "csv", "--out", "OUT", "--journal", "NEW"), 17_000),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_full_disk_is_one_sentence_and_nothing_half_written(
    options: tuple[str, ...], n_bytes: int, folder: Path, tmp_path: Path, pretrained
) -> None:
    (folder / "broken.mp3").unlink()
    with journal_of(tmp_path / "KNOWN", pretrained) as journal:
        list(batch.predict_into(journal, sorted(folder.iterdir())))
    plain = [str(tmp_path / option) if option.isupper() else option for option in options]
    process = start(folder, *plain, preexec_fn=limited(n_bytes), stdout=subprocess.DEVNULL)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (1, 2)
    (sentence,) = err.splitlines()
    assert sentence.startswith("genre: ")
    assert "cannot be" in sentence
    assert str(tmp_path) in sentence
    if "--journal" in options or "--report" in options:
        assert [path for path in tmp_path.glob("**/*OUT*") if path.is_file()] == []


def test_a_growing_folder_is_followed_and_growing_files_are_left_alone(tmp_path: Path, pretrained) -> None:
    folder = tmp_path / "inbox"
    folder.mkdir()
    rounds, tables = iter(range(6)), []

    def between(_: float) -> None:
        number = next(rounds)
        if number < 2:
            write_song(folder / "growing.wav", 3 + number, seed=number)
        if number == 0:
            write_song(folder / "whole.wav", 4, seed=3)
        if number == 5:
            raise KeyboardInterrupt

    with journal_of(tmp_path / "journal", pretrained) as journal:
        results = batch.watch(
            journal, [folder], wait=between, after_round=lambda found: tables.append([path.name for path in found])
        )
        found = []
        with suppress(KeyboardInterrupt):
            found.extend(results)
        counts = {path.name: count for path, count in journal.times_computed().items()}
    assert [result.path.name for result in found] == ["whole.wav", "growing.wav"]
    assert counts == {"whole.wav": 1, "growing.wav": 1}
    assert tables == [["whole.wav"], ["growing.wav", "whole.wav"]]
    assert found[1].curve.duration_s == pytest.approx(4, abs=0.01)


def start(*arguments: str | Path, **options) -> subprocess.Popen:
    command = [sys.executable, "-u", "-m", "genre_lib.cli", "predict", *map(str, arguments)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY, **options)


def test_a_folder_that_is_not_there_is_not_waited_for(capsys, tmp_path: Path) -> None:
    status, _, err = predict(capsys, tmp_path / "inobx", "--watch", "--journal", tmp_path / "journal")
    assert status == 2
    assert (
        err == f"genre: {tmp_path / 'inobx'} does not exist: check the path, or make the folder before it is watched.\n"
    )


@pytest.mark.slow
def test_watching_from_the_command_line_ends_with_a_summary(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "table.csv"
    process = start(folder, "--watch", "--format", "csv", "--out", out)
    wait_until(lambda: out.exists() and len(out.read_text().splitlines()) == 5, process)
    write_song(folder / "late.wav", 4, seed=9)
    wait_until(lambda: "late.wav" in out.read_text(), process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert "5 heard now" in err


def wait_until(condition, process: subprocess.Popen, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.05)


def break_in_different_ways(folder: Path, good: bytes) -> list[Path]:
    """20 unusable files: empty, too short, words, headers without sound, other formats' names, noise."""
    noise = np.random.default_rng(0).bytes(4000)
    contents = {
        f"{kind}.{extension}": content
        for extension in ("wav", "flac", "mp3")
        for kind, content in {
            "empty": b"",
            "zeros": bytes(4000),
            "words": b"these are words " * 200,
            "noise": noise,
            "header": good[:44],
        }.items()
    }
    contents |= {"riff.wav": good[:20] + noise, "page.ogg": b"<html>not found</html>"}
    for name, content in contents.items():
        (folder / f"broken-{name}").write_bytes(content)
    for name, n_samples in (("short.wav", 2000), ("short.ogg", 2000), ("none.flac", 0)):
        soundfile.write(folder / f"broken-{name}", np.full(n_samples, 0.1), 22050)
    return sorted(folder.glob("broken-*"))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,980 songs of a little over a second, cut from demo songs, and 20 files broken in different ways."""
    from genre_lib.audio.synthesis.sound import SAMPLE_RATE
    from genre_lib.datasets.demo import STYLES, synthesise

    folder = tmp_path_factory.mktemp("many") / "music"
    folder.mkdir()
    songs = [synthesise(style, seconds=4.0) for style in STYLES]
    rng = np.random.default_rng(0)
    for number in range(1980):
        song = songs[number % len(songs)]
        begin = int(rng.integers(0, 2 * SAMPLE_RATE))
        soundfile.write(folder / f"{number:04d}.wav", song[begin : begin + int(1.5 * SAMPLE_RATE)], SAMPLE_RATE)
    broken = break_in_different_ways(folder, (folder / "0000.wav").read_bytes())
    assert len(broken) == 20
    for number, path in enumerate(broken):
        path.rename(path.with_name(f"{97 * number + 50:04d}-{path.name}"))
    return folder


# Every Python process that finds this on its path writes down each recording that it begins to decode.
COUNTING = """
import os
from genre_lib.audio.decoding import AudioReader

begin = AudioReader.__init__

def counted(self, path, *rest, **options):
    with open(os.environ["DECODED"], "a") as file:
        file.write(f"{path}\\n")
    begin(self, path, *rest, **options)

AudioReader.__init__ = counted
"""


def counting_decodes(folder: Path, into: Path) -> dict[str, str]:
    """An environment whose processes write the recordings that they decode into a file."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(COUNTING)
    into.touch()
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(REPOSITORY))), "DECODED": str(into)}


def decoded(path: Path) -> Counter[str]:
    return Counter(Path(line).name for line in path.read_text().splitlines())


@pytest.mark.slow
def test_2000_files_survive_a_kill_and_nothing_is_heard_twice(many: Path, tmp_path: Path, pretrained) -> None:
    out, journal, undisturbed = tmp_path / "table.csv", tmp_path / "journal", tmp_path / "undisturbed.csv"
    options = ("--format", "csv", "--executor", "processes", "--workers", "2")
    first, second = (counting_decodes(tmp_path / "counting", tmp_path / name) for name in ("first", "second"))
    process = start(many, *options, "--out", out, "--journal", journal, start_new_session=True, env=first)
    # Broken files stand at even distances among the songs, so that their errors tell the time.
    errors_told = (line for line in process.stderr if line.startswith("genre: "))
    n_errors = sum(1 for _ in zip(range(10), errors_told, strict=False))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert n_errors == 10
    assert not out.exists()
    kept = heard(journal, pretrained)
    assert 500 < len(kept) < 1500
    before = decoded(tmp_path / "first")
    assert set(before.values()) == {1}
    assert set(kept) <= set(before)
    # Lost at the kill: at most the two files that each worker was busy with.
    assert len(before) - len(kept) <= 4

    process = start(many, *options, "--out", out, "--journal", journal, env=second)
    _, err = process.communicate(timeout=250)
    assert process.returncode == 1
    assert f"{2000 - len(kept)} heard now" in err
    assert f"{len(kept)} known before" in err
    counts = heard(journal, pretrained)
    assert len(counts) == 2000
    assert set(counts.values()) == {1}
    after = decoded(tmp_path / "second")
    assert set(after.values()) == {1}
    assert set(after) == set(counts) - set(kept)

    rows = list(csv.DictReader(out.open()))
    errors = {Path(row["path"]).name: row["error"] for row in rows if row["error"]}
    assert len(rows) == 2000
    assert len(errors) == 20
    assert all("broken" in name and name in error for name, error in errors.items())
    assert all(row["genre"] or row["state"] == "silence" for row in rows if not row["error"])

    start(many, *options, "--out", undisturbed, "--journal", tmp_path / "other").communicate(timeout=250)
    assert out.read_text() == undisturbed.read_text()


POISON = """
import os, signal
counted_begin = AudioReader.__init__

def poisoned(self, path, *rest, **options):
    counted_begin(self, path, *rest, **options)
    if str(path).endswith("b.flac"):
        os.kill(os.getpid(), signal.SIGKILL)

AudioReader.__init__ = poisoned
"""


@pytest.mark.slow
def test_a_recording_that_kills_workers_is_set_aside_after_two_tries(folder: Path, tmp_path: Path, pretrained) -> None:
    into, out = tmp_path / "decoded", tmp_path / "table.csv"
    environment = counting_decodes(tmp_path / "counting", into)
    with (tmp_path / "counting" / "sitecustomize.py").open("a") as file:
        file.write(POISON)
    arguments = (folder, "--format", "csv", "--executor", "processes", "--workers", "2", "--out", out)
    _, err = start(*arguments, "--journal", tmp_path / "journal", env=environment).communicate(timeout=120)
    set_aside = f"{folder / 'b.flac'} ended its worker process twice (out of memory, or a crash while decoding)"
    assert err.count(set_aside) == 1
    assert f"{folder / 'b.flac'}: {folder}" not in err
    rows = {Path(row["path"]).name: row for row in csv.DictReader(out.open())}
    assert [name for name, row in rows.items() if row["error"]] == ["b.flac", "broken.mp3"]
    assert rows["b.flac"]["error"].startswith(set_aside)
    assert decoded(into)["b.flac"] == 2
    # It is known now, and tried again only when asked for.
    start(*arguments, "--journal", tmp_path / "journal", env=environment).communicate(timeout=120)
    assert decoded(into)["b.flac"] == 2


def test_a_model_that_workers_do_not_find_is_no_recordings_fault(folder: Path, tmp_path: Path, pretrained) -> None:
    recordings = sorted(folder.iterdir())
    with journal_of(tmp_path / "journal", pretrained) as journal:
        with pytest.raises(GenreLibError, match="nowhere"):
            list(batch.predict_into(journal, recordings, model=tmp_path / "nowhere"))
        assert journal.times_computed() == {}


@pytest.mark.slow
def test_workers_started_by_hand_give_the_serial_table_though_one_is_killed(
    many: Path, tmp_path: Path, pretrained
) -> None:
    paths = sorted(many.iterdir())[:300]
    out, serial = tmp_path / "cluster.csv", tmp_path / "serial.csv"
    with started_by_hand(tmp_path) as (address, workers):
        cluster = start(*paths, "--format", "csv", "--out", out, "--journal", tmp_path / "j", "--scheduler", address)
        assert "broken" in next(iter(cluster.stderr))
        workers[0].send_signal(signal.SIGKILL)
        _, err = cluster.communicate(timeout=200)
        assert workers[0].wait(timeout=10) == -signal.SIGKILL
        assert f"{len(paths)} heard now" in err
    start(*paths, "--format", "csv", "--out", serial, "--journal", tmp_path / "s").communicate(timeout=200)
    assert set(heard(tmp_path / "j", pretrained).values()) == {1}
    assert out.read_text() == serial.read_text()
