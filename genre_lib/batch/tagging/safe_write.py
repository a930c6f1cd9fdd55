"""Tags written without harm: a copy is edited, read back and compared, and only then takes the file's place.

At no moment does a half-written file bear the name of a song. What undoes the change lies in the journal before the
file is replaced; `recover` finishes or takes back what a killed process has left.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from genre_lib.batch.journal import identity_of
from genre_lib.batch.tagging import formats
from genre_lib.batch.tagging.delta import difference, restored
from genre_lib.batch.tagging.formats.file_bytes import mapped
from genre_lib.batch.tagging.in_use import open_for_writing
from genre_lib.batch.tagging.undo_journal import Change, OnChange, UndoJournal
from genre_lib.errors import TagError

_SUFFIX = ".genre-tag"


@dataclass(frozen=True)
class Care:
    """What to do about a file besides its tags.

    Attributes
    ----------
    keep_time : bool
        Leave the time of change as it was; programs that look for new tags by it then miss them.
    break_links : bool
        Write also where a file has several names (hard links): the others keep the old content.
    on_change : callable
        Called with (path, identity before, identity after) for each file that was replaced.
    """

    keep_time: bool = False
    break_links: bool = False
    on_change: OnChange = lambda path, before, after: None


def write_tags(path: Path, edit: formats.Edit, journal: UndoJournal, care: Care | None = None) -> None:
    """Write tags into a file.

    Parameters
    ----------
    path : Path
        A link is followed: the file it names is written.
    edit : Edit
    journal : UndoJournal
    care : Care, optional

    Raises
    ------
    TagError
        The file could not be written, or not without changing something else; it is as it was.
    """
    care = care or Care()
    path = Path(os.path.realpath(path))
    check_writable(path, care)
    draft = _draft_of(path)
    number = journal.begin(path, draft)
    try:
        change = _prepared(Change(number, path, draft, "begun"), edit, care)
        journal.ready(change)
        if identity_of(path) != change.old_identity or open_for_writing(path):
            raise TagError(f"{path} is being written by another program: try again when it has finished.")
        os.replace(draft, path)
    except BaseException as error:
        # Where the copy is gone a signal may have come right after the replacement: `recover` looks.
        if isinstance(error, TagError | OSError) or draft.exists():
            draft.unlink(missing_ok=True)
            journal.forget(number)
        if isinstance(error, OSError):
            raise TagError(_why(path, error)) from error
        raise
    _finish(change, journal, care.on_change)


def check_writable(path: Path, care: Care) -> None:
    """Whether a file may be written at all.

    Raises
    ------
    TagError
        It may not, and why.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise TagError(_why(path, error)) from error
    if not stat.S_ISREG(status.st_mode):
        raise TagError(f"{path} is no regular file: only those can be tagged.")
    # The owner of a folder may replace a file that is read-only, but who made it so did not want that.
    if not status.st_mode & 0o222 or not os.access(path, os.W_OK):
        raise TagError(f"{path} is read-only: make it writable (chmod u+w) if it may be tagged.")
    if status.st_nlink > 1 and not care.break_links:
        raise TagError(
            f"{path} has {status.st_nlink} names (hard links), and the others would keep the old tags: "
            "--break-links writes it nevertheless."
        )


def undo(
    paths: Iterable[Path], journal: UndoJournal, *, on_change: OnChange = Care.on_change
) -> Iterable[Path | TagError]:
    """Restore files byte for byte, with their times of change; the latest change is undone first.

    Yields
    ------
    Path or TagError
        A file that is as it was, or why it is not.
    """
    for change in journal.below(list(paths)):
        try:
            _undo(change)
        except TagError as error:
            yield error
            continue
        except OSError as error:
            yield TagError(_why(change.path, error))
            continue
        on_change(change.path, change.new_identity, change.old_identity)
        journal.forget(change.number)
        yield change.path


def recover(journal: UndoJournal, on_change: OnChange = Care.on_change) -> list[Path]:
    """Finish what a process that was killed has left; the files whose change had not taken place."""
    taken_back = []
    for change in journal.unfinished():
        if change.state == "ready" and _hash(change.path) == change.new_hash:
            _finish(change, journal, on_change)
            continue
        change.draft.unlink(missing_ok=True)
        journal.forget(change.number)
        taken_back.append(change.path)
    return taken_back


def _prepared(change: Change, edit: formats.Edit, care: Care) -> Change:
    """The copy, edited, on the disk and compared with the file."""
    path, draft = change.path, change.draft
    before = path.stat()
    identity = identity_of(path)
    _make(draft)
    shutil.copyfile(path, draft)
    formats.write(draft, edit, original=path)
    shutil.copystat(path, draft)
    if not care.keep_time:
        os.utime(draft)
    _keep_owner(path, before, draft)
    _sync(draft)
    _compare(path, draft, edit)
    with mapped(path, whole=True) as old, mapped(draft, whole=True) as new:
        return replace(
            change,
            old_hash=hashlib.sha256(old).hexdigest(),
            new_hash=hashlib.sha256(new).hexdigest(),
            old_identity=identity,
            new_identity=identity_of(draft),
            difference=difference(new, old),
        )


def _compare(path: Path, draft: Path, edit: formats.Edit) -> None:
    """Nothing but what was asked for differs."""
    old, new = formats.read(path), formats.read(draft, original=path)
    if new.audio != old.audio:
        raise TagError(f"{path} is left as it is: writing would change its sound.")
    if new.rest != old.rest:
        changed = sorted({name for name, _ in set(old.rest) ^ set(new.rest)}) or ["the order of tags"]
        raise TagError(f"{path} is left as it is: writing would also change {', '.join(changed[:3])}.")
    wanted = (edit.genres or old.genres, old.scores if edit.scores is None else edit.scores)
    if (new.genres, new.scores) != wanted:
        raise TagError(
            f"{path} is left as it is: {', '.join(edit.genres or ())} is read back as {', '.join(new.genres)}."
        )


def _undo(change: Change) -> None:
    path, draft = change.path, change.draft
    now = _hash(path)
    if now == change.old_hash:
        # Undone before, by a process that was killed.
        draft.unlink(missing_ok=True)
        return
    if now != change.new_hash:
        raise TagError(f"{path} was changed or moved since it was tagged: it is left as it is.")
    try:
        _make(draft)
        with mapped(path) as new, draft.open("wb") as file:
            file.writelines(restored(new, change.difference))
        if _hash(draft) != change.old_hash:
            raise TagError(f"{path} cannot be restored: the journal of changes is damaged.")
        status = path.stat()
        shutil.copystat(path, draft)
        os.utime(draft, ns=(status.st_atime_ns, int(change.old_identity.split()[1])))
        _keep_owner(path, status, draft)
        _sync(draft)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _finish(change: Change, journal: UndoJournal, on_change: OnChange) -> None:
    _sync_folder(change.path.parent)
    # First the one, then the other: whoever is killed between them tells it again.
    on_change(change.path, change.old_identity, change.new_identity)
    journal.written(change.number)


def _keep_owner(path: Path, status: os.stat_result, draft: Path) -> None:
    made = draft.stat()
    if (made.st_uid, made.st_gid) == (status.st_uid, status.st_gid):
        return
    try:
        os.chown(draft, status.st_uid, status.st_gid)
        os.chmod(draft, stat.S_IMODE(status.st_mode))
    except PermissionError as error:
        raise TagError(
            f"{path} belongs to somebody else, and would not after writing: let its owner tag it."
        ) from error


def _make(draft: Path) -> None:
    """An empty file that nobody else can read until it has the permissions of the file it is a copy of."""
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600, exist_ok=False)


def _draft_of(path: Path) -> Path:
    """A name beside the file that no player takes for music, the same each time."""
    return path.with_name(f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]}{_SUFFIX}")


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _sync(path: Path) -> None:
    """To the disk, and out of memory where that can be asked for, so that what is read next comes from the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        # Some network file systems know no such thing.
        return
    finally:
        os.close(descriptor)


def _why(path: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"{path} is left as it is: there is no room for a copy beside it; free some space and run again."
    why = error.strerror or error
    return f"{path} is left as it is: it cannot be written ({why}); check the permissions of its folder."
