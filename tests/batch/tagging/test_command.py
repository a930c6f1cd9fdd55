"""`genre tag` and `genre playlist`, as a person uses them."""

import csv
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from mutagen.flac import FLAC
from mutagen.id3 import ID3

from genre_lib import cli
from genre_lib.batch import Journal, resumable
from genre_lib.batch.journal import Finished
from tests.batch.tagging import library
from tests.batch.tagging.hearing import curve_of, remember
from tests.clusters import REPOSITORY


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this user's journals lie."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def music(make, tmp_path: Path) -> Path:
    """A folder: no tag, another genre, the same in other words, unsure, and one that cannot be tagged."""
    make("flac", library.Sample(title="One"), name="music/empty")
    make("mp3", library.CASES["genre"], name="music/death metal")
    make("m4a", library.Sample(genre=("Delta Blues",)), name="music/blues")
    make("ogg", library.Sample(), name="music/unsure")
    return tmp_path / "music"


@pytest.fixture
def journal(music: Path, tmp_path: Path, pretrained) -> Path:
    """What was heard in them; nothing else may be."""
    heard = {"empty.flac": "jazz", "death metal.mp3": "metal", "blues.m4a": "metal", "unsure.ogg": None}
    remember(tmp_path / "heard", pretrained.card, {music / name: genre for name, genre in heard.items()})
    return tmp_path / "heard"


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is heard: what is known has to be enough."""

    def hear(task, model) -> Finished:
        raise AssertionError(f"{task} is heard again")

    monkeypatch.setattr(resumable, "hear", hear)


def tag(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    status = cli.main(["tag", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def look_of(folder: Path) -> dict[Path, tuple]:
    """Contents, times and places of all files."""
    return {
        path: (
            path.stat().st_ino,
            path.stat().st_mtime_ns,
            path.stat().st_ctime_ns,
            path.is_file() and path.read_bytes(),
        )
        for path in [folder, *folder.rglob("*")]
    }


def test_a_look_changes_nothing(capsys, music: Path, journal: Path, state: Path, deaf) -> None:
    before = look_of(music)
    status, out, err = tag(capsys, music, "--journal", journal)
    assert status == 0
    lines = {line.split("music/")[-1].split("  (")[0]: line for line in out.splitlines()[1:]}
    tag_now, belief, p, writes, *_ = lines["empty.flac"].split()
    assert (tag_now, belief, writes) == ("-", "jazz", "Jazz")
    assert float(p) > 0.8
    assert lines["death metal.mp3"].endswith("(has a genre)")
    assert "unsure" in lines["unsure.ogg"]
    assert "1 to write" in err
    assert "nothing was changed: --write does it" in err
    assert look_of(music) == before
    assert not state.exists()


def test_empty_genres_are_filled_and_nothing_else(capsys, music: Path, journal: Path, deaf) -> None:
    before = {path: path.read_bytes() for path in music.iterdir()}
    status, _, err = tag(capsys, music, "--journal", journal, "--write")
    assert status == 0
    assert "1 written" in err
    changed = [path.name for path, data in before.items() if path.read_bytes() != data]
    assert changed == ["empty.flac"]
    assert FLAC(music / "empty.flac")["genre"] == ["Jazz"]
    status, _, err = tag(capsys, music, "--journal", journal, "--write")
    assert "0 written" in err
    status, out, _ = tag(capsys, music, "--undo", "--journal", journal)
    assert status == 0
    assert out.splitlines() == [str(music / "empty.flac")]
    assert {path: path.read_bytes() for path in music.iterdir()} == before
    # Neither after writing nor after undoing is anything heard again.
    assert tag(capsys, music, "--journal", journal, "--write")[2].startswith("1 written")


def test_replace_map_and_scores(capsys, music: Path, journal: Path, tmp_path: Path, deaf) -> None:
    names = tmp_path / "names.yaml"
    names.write_text("metal: Heavy Metal\njazz: Jazz music\n")
    options = ("--journal", journal, "--write", "--replace", "--scores", "--map", names)
    assert tag(capsys, music, *options)[0] == 0
    genres = {path.name: library_genre(path) for path in music.iterdir()}
    assert genres == {
        "empty.flac": ["Jazz music"],
        "death metal.mp3": ["Death Metal"],
        "blues.m4a": ["Heavy Metal"],
        "unsure.ogg": None,
    }
    assert str(ID3(music / "death metal.mp3")["TXXX:GENRE_SCORES"]).startswith("metal ")


def library_genre(path: Path) -> list[str] | None:
    import mutagen

    return mutagen.File(path, easy=True).get("genre")


def test_several_genres_by_share_of_time(capsys, make, tmp_path: Path, pretrained, deaf) -> None:
    path = make("flac", library.Sample(), name="music/song")
    curve = curve_of(pretrained.card, ("jazz", 40), ("rock", 25), ("pop", 5))
    remember(tmp_path / "heard", pretrained.card, {path: curve})
    tag(capsys, path, "--journal", tmp_path / "heard", "--write", "--multi")
    assert FLAC(path)["genre"] == ["Jazz", "Rock"]


def test_audit_writes_what_contradicts(capsys, music: Path, journal: Path, tmp_path: Path, state: Path, deaf) -> None:
    before = look_of(music)
    status, out, err = tag(capsys, music, "--audit", "--journal", journal)
    assert status == 0
    (row,) = csv.DictReader(io.StringIO(out))
    assert Path(row["path"]).name == "blues.m4a"
    assert (row["tag"], row["tag_genres"], row["genre"]) == ("Delta Blues", "blues", "metal")
    for part in ("1 contradict", "1 agree", "2 have no genre"):
        assert part in err
    assert tag(capsys, music, "--audit", "--journal", journal, "--out", tmp_path / "audit.csv")[1] == ""
    assert (tmp_path / "audit.csv").read_text() == out
    assert look_of(music) == before
    assert not state.exists()


def test_what_cannot_be_done_is_said_and_the_rest_done(capsys, music: Path, journal: Path, pretrained, make) -> None:
    locked, other = make("flac", name="music/locked"), make("wav", name="music/other")
    sound = music / "sound.au"
    shutil.copyfile(other, sound)
    remember(journal, pretrained.card, {locked: "pop", other: "pop", sound: "pop"})
    locked.chmod(0o444)
    for options in ((), ("--write",)):
        status, _, err = tag(capsys, music, "--journal", journal, *options)
        assert status == 1
        assert f"{locked} is read-only" in err
    assert library_genre(music / "empty.flac") == ["Jazz"]
    assert ID3(fileobj_of(other)).getall("TCON")[0].text == ["Pop"]


def fileobj_of(path: Path) -> io.BytesIO:
    data = path.read_bytes()
    return io.BytesIO(data[data.index(b"ID3\x04") :])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Name the music files"),
        (["--undo"], "Name the files or folders"),
        (["nowhere.mp3"], "nowhere.mp3 does not exist"),
        (["--undo", "."], "There is no journal of changes"),
        ([".", "--min", "80"], "from 0 to 1"),
        ([".", "--map", "nowhere.yaml"], "cannot be read"),
    ],
)
def test_wrong_calls_are_one_sentence(capsys, arguments: list[str], sentence: str) -> None:
    status, _, err = tag(capsys, *arguments)
    assert status in (1, 2)
    assert sentence in err.splitlines()[0]


def test_tags_of_a_batch_need_a_watch(capsys, tmp_path: Path) -> None:
    assert cli.main(["predict", str(tmp_path), "--tag", "--journal", str(tmp_path / "journal")]) == 2
    assert "--tag goes with --watch" in capsys.readouterr().err


def test_without_mutagen_one_sentence_says_what_to_install(capsys, tmp_path: Path, monkeypatch) -> None:
    from genre_lib.utils import extras

    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda name: None)
    status, _, err = tag(capsys, tmp_path)
    assert status == 1
    assert 'pip install "genre-lib[tags]"' in err
    assert len(err.splitlines()) == 1


def test_the_tree_can_be_printed_and_used(capsys, tmp_path: Path, music: Path, journal: Path, deaf) -> None:
    _, out, _ = tag(capsys, "--show-tree")
    tree = tmp_path / "tree.yaml"
    # Now Delta Blues is a kind of metal.
    tree.write_text(out.replace("    - delta blues\n", "").replace("    - djent\n", "    - djent\n    - delta blues\n"))
    assert "0 contradict" in tag(capsys, music, "--audit", "--journal", journal, "--tree", tree)[2]


def test_playlists(capsys, music: Path, journal: Path, tmp_path: Path, deaf) -> None:
    def playlist(*arguments: str | Path) -> tuple[int, str]:
        status = cli.main(["playlist", str(music), "--journal", str(journal), *map(str, arguments)])
        return status, capsys.readouterr().err

    out = music / "metal.m3u8"
    assert playlist("--genre", "metal", "--out", out) == (0, "2 of 4 songs\n")
    assert sorted(out.read_text().splitlines()[2::2]) == ["blues.m4a", "death metal.mp3"]
    assert playlist("--from-to", "jazz", "metal", "--length", "2", "--out", out)[0] == 0
    assert out.read_text().splitlines()[2] == "empty.flac"
    assert "did you mean 'metal'" in playlist("--genre", "mettal")[1]


@pytest.mark.slow
def test_real_songs_are_heard_tagged_and_restored(capsys, shared: Path, tmp_path: Path, pretrained) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    sources = [sorted((shared / "data" / "gtzan-audio" / genre).glob("*.flac"))[0] for genre in ("classical", "metal")]
    for source in sources:
        shutil.copyfile(source, folder / source.name)
    before = look_of(folder)
    assert tag(capsys, folder)[0] == 0
    assert look_of(folder) == before
    assert tag(capsys, folder, "--write")[0] == 0
    for source in sources:
        expected = pretrained.curve(source).answer()
        if expected.state == "music":
            assert library_genre(folder / source.name) == [expected.genre.title()]
    assert tag(capsys, folder, "--undo")[0] == 0
    for source in sources:
        assert (folder / source.name).read_bytes() == source.read_bytes()


@pytest.mark.slow
def test_songs_like_a_real_one(capsys, shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "gtzan-audio"
    paths = [str(path) for genre in ("classical", "metal") for path in sorted((folder / genre).glob("*.flac"))[:3]]
    out = tmp_path / "like.m3u8"
    assert cli.main(["playlist", *paths[1:], "--like", paths[0], "--length", "3", "--out", str(out)]) == 0
    assert Path(out.read_text().splitlines()[2]).samefile(paths[0])
    assert all("classical" in path for path in out.read_text().splitlines()[2::2])


@pytest.mark.slow
def test_killed_and_called_again_nothing_is_heard_twice(make, tmp_path: Path, pretrained) -> None:
    """Small files of noise: of most the model is unsure, so all of them get their scores."""
    paths = [make(form, library.Sample(), name=f"music/{i}") for i in range(20) for form in ("flac", "ogg", "m4a")]
    journal = tmp_path / "heard"
    command = [sys.executable, "-m", "genre_lib.cli", "tag", tmp_path / "music", "--write", "--scores"]
    command += ["--journal", journal, "--changes", tmp_path / "changes"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    n_killed = 0
    for _ in range(40):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        # After the table's head, a few files on.
        lines = [process.stdout.readline() for _ in range(16)]
        if all(lines):
            process.send_signal(signal.SIGKILL)
            n_killed += 1
        process.wait()
        process.stdout.close()
        if process.returncode == 0:
            break
    assert n_killed >= 1
    assert subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0
    with Journal(journal, pretrained.card) as opened:
        heard = opened.times_computed()
    assert set(heard) == set(paths)
    assert set(heard.values()) == {1}
    from genre_lib.batch.tagging import formats

    assert all(formats.read(path, audio=False).scores for path in paths)


@pytest.mark.slow
def test_a_watched_folder_is_tagged_as_it_fills(tmp_path: Path, shared: Path) -> None:
    folder = tmp_path / "incoming"
    folder.mkdir()
    source = sorted((shared / "data" / "gtzan-audio" / "classical").glob("*.flac"))[0]
    shutil.copyfile(source, folder / "first.flac")
    command = [sys.executable, "-m", "genre_lib.cli", "predict", folder, "--watch", "--tag", "--journal"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    told = tmp_path / "told.txt"
    with told.open("w") as stdout:
        process = subprocess.Popen([*command, tmp_path / "heard"], env=environment, stdout=stdout)
    try:
        wait_for_genre(folder / "first.flac")
        shutil.copyfile(source, folder / "second.flac")
        wait_for_genre(folder / "second.flac")
        # It is told after it was written.
        wait_until(lambda: "second.flac" in told.read_text(), "second.flac is not told")
    finally:
        process.terminate()
        process.wait(timeout=60)
    out = told.read_text()
    # Each once: a file with new tags is no new file.
    assert out.count("first.flac") == 1
    assert out.count("second.flac") == 1


def wait_for_genre(path: Path) -> None:
    wait_until(lambda: library_genre(path) == ["Classical"], f"{path} has no genre")


def wait_until(is_so: Callable[[], bool], otherwise: str) -> None:
    for _ in range(1200):
        if is_so():
            return
        time.sleep(0.1)
    raise AssertionError(otherwise)
