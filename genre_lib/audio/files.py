"""A path as people give it: what it is, whether it can be read, and how it is written in a sentence."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path

from genre_lib.errors import AudioError, UnreachableError

_OF_THE_MACHINE = {
    errno.EACCES: "may not be read: change its permissions",
    errno.EPERM: "may not be read: change its permissions",
    errno.EIO: "cannot be read from its disk: check the disk",
    errno.EMFILE: "cannot be opened, too many files are: close some, or use fewer workers",
    errno.ENFILE: "cannot be opened, too many files are: close some, or use fewer workers",
    errno.ESTALE: "lies in a network folder that is gone: connect it again",
    errno.ETIMEDOUT: "lies in a network folder that does not answer: connect it again",
}

# A Path has made one slash of two.
_ADDRESS = re.compile(r"(https?|ftp|rtmp|rtsp|mms):/", re.IGNORECASE)


def shown(path: str | Path) -> str:
    """A path as it stands in a sentence or a table: in one line, nothing in it that a terminal would obey.

    Examples
    --------
    >>> print(shown("two\\nlines.wav"))
    two\\nlines.wav
    """
    text = str(path)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def named(sentence: str, path: Path, name: str | None = None) -> str:
    """A sentence about a file that calls it by its name alone: where it lies is nobody's business.

    Examples
    --------
    >>> named("/srv/music/song.wav is empty.", Path("/srv/music/song.wav"))
    'song.wav is empty.'
    """
    return sentence.replace(shown(path), shown(path.name if name is None else name))


def utf8(text: str) -> str:
    """Text that UTF-8 can hold: bytes of a name in another encoding are written as ``\\xe9``."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def check_file(path: str | Path) -> None:
    """Make sure that a path is a file that can be opened and holds something.

    Raises
    ------
    UnreachableError
        The file is not there, or may not or cannot be read now: that may change without the file changing.
    AudioError
        It is no file, or empty.
    """
    if str(path) == "":
        raise AudioError("The path is empty: name a recording or a folder.")
    name = shown(path)
    try:
        status = os.stat(path)
    except OSError as error:
        raise why_unreachable(path, error) from error
    except ValueError as error:
        raise AudioError(f"{name} is no path ({error}): check it.") from error
    if stat.S_ISDIR(status.st_mode):
        raise AudioError(f"{name} is a folder: name the files in it, or give the folder to `genre predict`.")
    if not stat.S_ISREG(status.st_mode):
        # Opening a pipe waits for whoever writes into it, for ever if nobody does.
        raise AudioError(f"{name} is a pipe or a device, not a file: write the sound into a file first.")
    try:
        os.close(os.open(path, os.O_RDONLY))
    except OSError as error:
        raise why_unreachable(path, error) from error
    if status.st_size == 0:
        raise AudioError(f"{name} is empty (0 bytes): check that the copy or download finished.")


def why_unreachable(path: str | Path, error: OSError) -> AudioError:
    """The sentence for a path that the system refuses."""
    name = shown(path)
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        if _ADDRESS.match(str(path)):
            return UnreachableError(f"{name} is an address: fetch the file first, or listen to it with `genre live`.")
        gone = "is a link to a file that is not there" if os.path.islink(path) else "does not exist"
        return UnreachableError(f"{name} {gone}: check the path.")
    if error.errno == errno.ELOOP:
        return AudioError(f"{name} is a link that leads back to itself: name the file it was made for.")
    if error.errno == errno.ENAMETOOLONG:
        return AudioError(f"{name[:80]}… is a path of {len(os.fsencode(path))} bytes, too long for this system.")
    reason = f"cannot be read ({error.strerror or error}): check the path and its permissions"
    return UnreachableError(f"{name} {_OF_THE_MACHINE.get(error.errno or 0, reason)}.")


def _escaped(char: str) -> str:
    if "\udc80" <= char <= "\udcff":
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode("ascii")
