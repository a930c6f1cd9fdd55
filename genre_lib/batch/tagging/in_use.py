"""Whether another program is writing into a file just now."""

from __future__ import annotations

import errno
import signal
import sys
from pathlib import Path


def open_for_writing(path: Path) -> bool:
    """Whether a file is open for writing somewhere, as far as the system tells (Linux, to a file's owner).

    A lease for reading is granted only where nobody writes (fcntl(2), F_SETLEASE); it is given back at once.
    """
    if sys.platform != "linux":
        return False
    import fcntl

    with path.open("rb") as file:
        try:
            # Who opens the file in this moment causes a signal; this one is ignored where the usual one would end us.
            fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError as error:
            return error.errno == errno.EAGAIN
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False
