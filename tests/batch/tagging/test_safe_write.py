"""No harm: permissions, times, links, other programs, full disks, and kills at every step."""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC

from genre_lib.batch.journal import identity_of
from genre_lib.batch.tagging import Care, UndoJournal, formats, recover, safe_write, undo, write_tags
from genre_lib.batch.tagging.formats import Edit
from genre_lib.errors import GenreLibError, TagError
from tests.batch.tagging import library
from tests.clusters import REPOSITORY

JAZZ = Edit(("Jazz",))


@pytest.fixture
def changes(tmp_path: Path):
    with UndoJournal(tmp_path / "state" / "changes") as opened:
        yield opened


def test_permissions_and_attributes_stay(make, changes: UndoJournal) -> None:
    path = make("flac")
    path.chmod(0o640)
    try:
        os.setxattr(path, "user.note", b"kept")
        has_attributes = True
    except OSError:
        has_attributes = False
    write_tags(path, JAZZ, changes)
    assert path.stat().st_mode & 0o777 == 0o640
    if has_attributes:
        assert os.getxattr(path, "user.note") == b"kept"


def test_a_private_file_is_private_all_the_way(make, changes: UndoJournal, monkeypatch) -> None:
    path, seen = make("flac"), []
    path.chmod(0o600)
    write = formats.write

    def watched(draft: Path, edit: Edit, *, original: Path | None = None) -> None:
        seen.append(draft.stat().st_mode & 0o777)
        write(draft, edit, original=original)

    monkeypatch.setattr(formats, "write", watched)
    write_tags(path, JAZZ, changes)
    assert seen == [0o600]
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_time_of_change_is_new_or_kept_and_undone(make, changes: UndoJournal) -> None:
    path = make("flac")
    os.utime(path, ns=(10**18, 10**18 + 5))
    write_tags(path, Edit(("Pop",)), changes, Care(keep_time=True))
    assert path.stat().st_mtime_ns == 10**18 + 5
    write_tags(path, JAZZ, changes)
    assert path.stat().st_mtime > time.time() - 60
    list(undo([path], changes))
    assert path.stat().st_mtime_ns == 10**18 + 5


def test_a_link_stays_and_its_file_is_written(make, changes: UndoJournal, tmp_path: Path) -> None:
    path = make("flac")
    link = tmp_path / "link.flac"
    link.symlink_to(path)
    write_tags(link, JAZZ, changes)
    assert link.is_symlink()
    assert FLAC(path)["genre"] == ["Jazz"]


def test_hard_links_are_left_alone_unless_asked(make, changes: UndoJournal, tmp_path: Path) -> None:
    path, other = make("flac"), tmp_path / "seeded.flac"
    before = path.read_bytes()
    os.link(path, other)
    with pytest.raises(TagError, match="2 names"):
        write_tags(path, JAZZ, changes)
    assert path.read_bytes() == before
    write_tags(path, JAZZ, changes, Care(break_links=True))
    assert FLAC(path)["genre"] == ["Jazz"]
    assert other.read_bytes() == before


def test_read_only_files_are_left_alone(make, changes: UndoJournal) -> None:
    path = make("flac")
    before = path.read_bytes()
    path.chmod(0o444)
    with pytest.raises(TagError, match="read-only"):
        write_tags(path, JAZZ, changes)
    assert path.read_bytes() == before


@pytest.mark.skipif(sys.platform != "linux", reason="needs leases, which Linux has")
def test_a_file_that_another_program_writes_is_left_alone(make, changes: UndoJournal) -> None:
    path = make("flac")
    before = path.read_bytes()
    with path.open("r+b"), pytest.raises(TagError, match="another program"):
        write_tags(path, JAZZ, changes)
    assert path.read_bytes() == before
    with path.open("rb") as player:
        write_tags(path, JAZZ, changes)
        assert player.read() == before
    assert FLAC(path)["genre"] == ["Jazz"]


def test_a_file_that_changes_meanwhile_is_left_alone(make, changes: UndoJournal, monkeypatch) -> None:
    path = make("flac")
    compare = safe_write._compare

    def other_program(*arguments) -> None:
        compare(*arguments)
        path.write_bytes(b"another program's")

    monkeypatch.setattr(safe_write, "_compare", other_program)
    with pytest.raises(TagError, match="another program"):
        write_tags(path, JAZZ, changes)
    assert path.read_bytes() == b"another program's"


@pytest.mark.parametrize("harm", ["sound", "tags", "genre"])
def test_a_writer_that_harms_is_found_out(harm: str, make, changes: UndoJournal, monkeypatch) -> None:
    path = make("flac", library.CASES["all"])
    before = path.read_bytes()
    write = formats.write

    def harmful(draft: Path, edit: Edit, *, original: Path | None = None) -> None:
        write(draft, edit, original=original)
        data = bytearray(draft.read_bytes())
        if harm == "sound":
            data[-100] ^= 1
        else:
            at = data.find(b"TITLE=A title" if harm == "tags" else b"GENRE=Jazz")
            data[at + 6] ^= 1
        draft.write_bytes(data)

    monkeypatch.setattr(formats, "write", harmful)
    sentence = {"sound": "would change its sound", "tags": "would also change", "genre": "is read back as"}[harm]
    with pytest.raises(TagError, match=sentence):
        write_tags(path, JAZZ, changes)
    assert path.read_bytes() == before
    assert not list(path.parent.glob(".*"))
    assert changes.unfinished() == []


FULL_DISK = """
import sys
from pathlib import Path
from genre_lib.batch.tagging import UndoJournal, write_tags
from genre_lib.batch.tagging.formats import Edit
from genre_lib.errors import TagError

with UndoJournal(sys.argv[2]) as changes:
    try:
        write_tags(Path(sys.argv[1]), Edit(("Jazz",)), changes)
    except TagError as error:
        print(error)
"""


def test_a_full_disk_harms_nothing(tmp_path: Path) -> None:
    """On a file system of a megabyte, of which the song fills more than half."""
    path = tmp_path / "song.wav"
    soundfile.write(path, np.zeros(300_000), 22050)
    small = tmp_path / "small"
    small.mkdir()
    script = tmp_path / "script.py"
    script.write_text(FULL_DISK)
    song, here = small / "song.wav", tmp_path / "after.wav"
    shell = (
        f"mount -t tmpfs -o size=1m none {small} && cp {path} {song} && "
        f"PYTHONPATH={REPOSITORY} {sys.executable} {script} {song} {tmp_path / 'changes'} && "
        f"cp {song} {here} && ls -A {small}"
    )
    answer = subprocess.run(["unshare", "-rm", "sh", "-c", shell], capture_output=True, text=True, check=False)
    if "unshare" in answer.stderr or "mount" in answer.stderr:
        pytest.skip("needs a name space of its own for a small disk")
    assert "no room for a copy" in answer.stdout, answer.stderr
    assert answer.stdout.splitlines()[1:] == ["song.wav"]
    assert here.read_bytes() == path.read_bytes()


def test_undo_leaves_what_was_changed_since(make, changes: UndoJournal) -> None:
    path = make("flac")
    write_tags(path, JAZZ, changes)
    path.write_bytes(path.read_bytes() + b"more")
    (outcome,) = undo([path], changes)
    assert isinstance(outcome, TagError)
    assert "changed or moved" in str(outcome)
    assert path.read_bytes().endswith(b"more")


def test_undo_goes_back_through_all_changes_of_a_folder_alone(make, changes: UndoJournal, tmp_path: Path) -> None:
    inside, outside = make("flac", name="in/song"), make("flac", name="out/song")
    before = inside.read_bytes()
    for genre in ("Jazz", "Blues", "Pop"):
        write_tags(inside, Edit((genre,)), changes)
    write_tags(outside, JAZZ, changes)
    assert list(undo([tmp_path / "in"], changes)) == [inside] * 3
    assert inside.read_bytes() == before
    assert FLAC(outside)["genre"] == ["Jazz"]


def test_the_journal_is_small(make, tmp_path: Path) -> None:
    with UndoJournal(tmp_path / "changes") as changes:
        for i, form in enumerate(library.FORMATS):
            write_tags(make(form, library.CASES["pictures"], name=f"{i}"), JAZZ, changes)
        sizes = [len(change.difference) for change in changes.below([tmp_path])]
    assert len(sizes) == len(library.FORMATS)
    # The pictures alone are 32 kB a file.
    assert max(sizes) < 6000


def test_two_processes_cannot_write_at_once(tmp_path: Path, changes: UndoJournal) -> None:
    with pytest.raises(GenreLibError, match="being written already"):
        UndoJournal(tmp_path / "state" / "changes", patience_s=0.1)


def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.write_text("these are words " * 100)
    with pytest.raises(GenreLibError, match="cannot be used as a journal of changes"):
        UndoJournal(notes)
    assert notes.read_text() == "these are words " * 100


def test_identities_are_told_so_that_nothing_is_heard_again(make, changes: UndoJournal) -> None:
    path, told = make("flac"), []
    before = identity_of(path)
    write_tags(path, JAZZ, changes, Care(on_change=lambda *change: told.append(change)))
    after = identity_of(path)
    list(undo([path], changes, on_change=lambda *change: told.append(change)))
    assert told == [(path, before, after), (path, after, before)]
    assert identity_of(path) == before


# What happens on the way, in order: a kill before each, and after the last.
STEPS = [
    (UndoJournal, "begin"),
    (shutil, "copyfile"),
    (formats, "write"),
    (shutil, "copystat"),
    (safe_write, "_sync"),
    (safe_write, "_compare"),
    (UndoJournal, "ready"),
    (os, "replace"),
    (safe_write, "_sync_folder"),
    (UndoJournal, "written"),
]


def in_child(work: Callable[[], object], kill_after: int | None = None) -> None:
    """Run something in a child; with `kill_after`, kill it once it has begun so many of `STEPS`."""
    heard, told = os.pipe()
    process = os.fork()
    if not process:
        try:
            for holder, name in STEPS if kill_after is not None else ():
                setattr(holder, name, telling(getattr(holder, name), told))
            work()
        finally:
            os._exit(0)
    os.close(told)
    if kill_after is not None:
        for _ in range(kill_after):
            os.read(heard, 1)
        os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    os.close(heard)


def telling(function: Callable, pipe: int) -> Callable:
    """The function, which first writes a byte."""

    def told(*arguments, **options):
        os.write(pipe, b".")
        return function(*arguments, **options)

    return told


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(("holder", "name"), STEPS, ids=[name for _, name in STEPS])
@pytest.mark.parametrize("what", ["write", "undo"])
def test_killed_before_each_step(what: str, holder: object, name: str, make, tmp_path: Path, monkeypatch) -> None:
    path, place = make("m4a", library.CASES["all"]), tmp_path / "changes"
    before = path.read_bytes()
    if what == "undo":
        with UndoJournal(place) as changes:
            write_tags(path, JAZZ, changes)
    tagged = path.read_bytes()

    def work() -> None:
        with UndoJournal(place) as changes:
            setattr(holder, name, die)
            write_tags(path, JAZZ, changes) if what == "write" else list(undo([path], changes))

    in_child(work)
    now = path.read_bytes()
    assert now in (before, tagged) or formats.read(path).genres == ("Jazz",)
    told: list[Path] = []
    with UndoJournal(place) as changes:
        recover(changes, lambda path, *_: told.append(path))
        assert changes.unfinished() == []
        assert path.read_bytes() == now
        assert not list(tmp_path.glob(".*genre-tag")) or what == "undo"
        # Whether the kill came before or after the replacement, the next call does what is left.
        outcomes = list(undo([path], changes))
        assert not any(isinstance(outcome, TagError) for outcome in outcomes)
        assert path.read_bytes() == before
        assert list(undo([path], changes)) == []
    assert not list(tmp_path.glob(".*genre-tag"))


@pytest.mark.slow
def test_killed_fifty_times(make, tmp_path: Path) -> None:
    rng = random.Random(50)
    paths = [
        make(form, library.CASES["all"], variant, name=f"songs/{variant}")
        for form in library.FORMATS
        for variant in (0, 1)
    ]
    before = {path: path.read_bytes() for path in paths}
    sounds = {path: formats.read(path) for path in paths}
    place = tmp_path / "changes"

    def work() -> None:
        with UndoJournal(place) as changes:
            recover(changes)
            while True:
                for genre in ("Jazz", "A longer genre", "Pop"):
                    for path in paths:
                        if formats.read(path, audio=False).genres != (genre,):
                            write_tags(path, Edit((genre,)), changes)
                list(undo([tmp_path], changes))

    n_drafts = n_unfinished = 0
    for _ in range(50):
        in_child(work, kill_after=rng.randrange(1, 60))
        n_drafts += bool(list((tmp_path / "songs").glob(".*")))
        for path in paths:
            now = formats.read(path)
            assert (now.audio, now.rest) == (sounds[path].audio, sounds[path].rest), path
            assert now.genres in [("Jazz",), ("A longer genre",), ("Pop",)]
        with UndoJournal(place) as changes:
            n_unfinished += len(changes.unfinished())
            recover(changes)
    # Else the kills came too early or too late to mean anything.
    assert n_drafts > 5
    assert n_unfinished > 5
    with UndoJournal(place) as changes:
        assert not [outcome for outcome in undo([tmp_path], changes) if isinstance(outcome, TagError)]
    for path, data in before.items():
        assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(data).digest(), path
    assert not list((tmp_path / "songs").glob(".*"))
