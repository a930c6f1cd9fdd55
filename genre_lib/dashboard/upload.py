"""Files from the visitor's computer, in pieces, so that neither the connection nor the memory has to hold one whole.

The upload of ipywidgets sends a file as a single message, which breaks the connection above a limit of the server and
costs several times the file's size in memory.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import anywidget
import traitlets

from genre_lib.utils.templates import templates_beside

template = templates_beside(__file__)

_NAME_AT_MOST = 120


class Upload(anywidget.AnyWidget):
    """A place to drop files on.

    Attributes
    ----------
    title, hint : str
    limit : int [bytes]
        Of one file; larger ones are refused before anything is sent.
    folders : bool
        Take a folder, or many files.
    several : bool
        Take many files, whatever they are called.
    """

    _esm = template("upload.js")
    _css = template("upload.css")
    title = traitlets.Unicode().tag(sync=True)
    hint = traitlets.Unicode().tag(sync=True)
    limit = traitlets.Int().tag(sync=True)
    folders = traitlets.Bool().tag(sync=True)
    several = traitlets.Bool().tag(sync=True)

    def __init__(
        self,
        folder: Path,
        *,
        on_file: Callable[[Path, int], None],
        on_trouble: Callable[[str], None],
        **options: Any,
    ) -> None:
        """Write into `folder`; call `on_file(path, files still to come)`, or `on_trouble(sentence)`."""
        super().__init__(**options)
        self._folder = folder
        self._on_file = on_file
        self._on_trouble = on_trouble
        self._count = 0
        self._file: BinaryIO | None = None
        self._path = folder
        self.on_msg(self._on_message)

    def _on_message(self, _: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        try:
            if "begin" in content:
                self._begin(str(content["begin"]), int(content["size"]))
            elif "stop" in content:
                self._drop()
                return
            elif self._file is not None and buffers:
                self._append(buffers[0])
            if self._file is not None and self._file.tell() >= self._size:
                self._file.close()
                self._file = None
                self._on_file(self._path, int(content.get("left", 0)))
        except OSError as error:
            self._drop()
            self.send({"refused": True})
            self._on_trouble(f"The upload could not be stored ({error.strerror}): try again later or a smaller file.")
            return
        self.send({"received": True})

    def _begin(self, name: str, size: int) -> None:
        self._drop()
        if size > self.limit:
            raise OSError(0, f"it is larger than {self.limit / 1e6:.0f} MB")
        self._count += 1
        self._size = size
        self._path = self._folder / f"upload-{self._count}" / safe_name(name)
        self._path.parent.mkdir(parents=True)
        self._file = self._path.open("wb")

    def _append(self, piece: Any) -> None:
        assert self._file is not None
        # The size was announced: a page that sends more than that is not ours.
        if self._file.tell() + len(piece) > self._size:
            raise OSError(0, "it is larger than announced")
        self._file.write(piece)

    def _drop(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            self._path.unlink(missing_ok=True)


def goes_to() -> str:
    """Whose machine a file goes to, and how long it stays, for the end of a sentence."""
    return f"goes to {socket.gethostname()}, the machine that runs this dashboard, and is deleted when you leave"


def safe_name(name: str) -> str:
    """A file name without folders and control characters; its extension stays.

    Examples
    --------
    >>> safe_name("../../etc/pass\\nwd.mp3")
    'passwd.mp3'
    """
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(character for character in name if character.isprintable()).strip(". ")
    # File systems count bytes.
    while len(name.encode()) > _NAME_AT_MOST:
        stem, dot, suffix = name.rpartition(".")
        name = f"{stem[:-1]}{dot}{suffix}" if dot and len(suffix) < 8 else name[:-1]
    return name or "recording"
