"""Files and folders that are there whole or not at all, whatever is killed on the way."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replaced_file(path: str | Path, *, sync: bool = False) -> Iterator[Path]:
    """A draft beside `path` that takes its place only if the block ends without an error.

    The draft has the ending of `path`, since some writers choose their format by it. A pipe or device, such as
    /dev/stdout, is its own draft; a link goes on pointing where it did.

    Parameters
    ----------
    path : str or Path
        Its folder is made where it is missing.
    sync : bool
        Wait until the disk has the content: a power cut must not leave an empty file in place of a good one.

    Raises
    ------
    OSError
        It cannot be written.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        yield path
        return
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    # Names end at 255 bytes on most systems, whatever the name beside it takes.
    begin = os.fsdecode(os.fsencode(target.stem)[:100])
    draft = target.with_name(f".{begin}.{os.getpid()}.tmp{target.suffix}")
    try:
        yield draft
        if sync:
            _sync(draft)
        os.replace(draft, target)
    finally:
        with suppress(OSError):
            draft.unlink()


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """A new folder to fill, which takes the place of `folder` only if the block ends without an error."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield draft
        draft.chmod(0o755)
        if folder.exists():
            previous = draft.with_name(draft.name + "-previous")
            folder.rename(previous)
            draft.rename(folder)
            shutil.rmtree(previous)
        else:
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write_text(path: str | Path, text: str) -> None:
    """Write a file at once: a reader sees the old content or the new, never a part."""
    with replaced_file(path) as draft:
        draft.write_text(text, "utf-8")


def write_bytes(path: str | Path, content: bytes, *, sync: bool = False) -> None:
    """As `write_text`; `sync` waits for the disk."""
    with replaced_file(path, sync=sync) as draft:
        draft.write_bytes(content)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
