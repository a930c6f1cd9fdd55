"""Starts Voilà with the dashboard, waits until it is warm, and leaves nothing behind when it stops.

Its settings are in ``dashboards/voila.json``. Two of them need a word. `disable_check_xsrf`: the request by which a
page that is closed ends its kernel carries no token, and was refused; it names a kernel by an identifier that only that
page knows. `cull_connected`: a page that is left open for a quarter of an hour gives its memory back; what it shows
stays, and a button starts it again.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from genre_lib.bundle.files import bundle_folder, read_card
from genre_lib.bundle.resources import import_folder, resource
from genre_lib.dashboard.settings import Settings
from genre_lib.dashboard.visitor_folder import READY, sweep
from genre_lib.errors import GenreLibError, ParameterError
from genre_lib.utils.extras import require

HOST = "127.0.0.1"
_SWEEP_EVERY_S = 2.0
_WARM_WITHIN_S = 180.0
_STOP_WITHIN_S = 20.0


class DashboardError(GenreLibError):
    """The dashboard cannot be started, or stopped by itself."""


@dataclass(frozen=True)
class Serving:
    """A running dashboard.

    Attributes
    ----------
    url : str
    sessions : Path
        Holds a folder for each kernel.
    process : subprocess.Popen
        Voilà's.
    """

    url: str
    sessions: Path
    process: subprocess.Popen[bytes]

    def wait(self) -> None:
        """Wait until it stops; a DashboardError, since nobody asked it to."""
        self.process.wait()
        raise DashboardError("The dashboard stopped by itself: start it again, and look at the messages above.")


def serve(settings: Settings, *, port: int = 8866) -> None:
    """Serve the dashboard until interrupted; see `serving`."""
    require("voila", "anywidget", "psutil", what="The dashboard")
    with ended_by_signals():
        _make_demo_songs()
        print("warming the dashboard up", flush=True)
        with serving(settings, port=port) as dashboard:
            print(f"The dashboard is at {dashboard.url} (Ctrl+C ends it)", flush=True)
            dashboard.wait()


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let Ctrl+C, and a polite `kill`, end what runs inside without a traceback, after everything was cleaned up."""
    previous = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        print()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def serving(settings: Settings, *, port: int = 8866, options: tuple[str, ...] = ()) -> Iterator[Serving]:
    """A dashboard that is warm, for as long as the context lasts.

    Parameters
    ----------
    settings : Settings
    port : int
        0 takes any free one.
    options : tuple of str
        More of Voilà's own options.

    Raises
    ------
    ParameterError
        A folder is missing, or the port is taken.
    BundleError
        The model is none.
    DashboardError
        Voilà is missing or does not start.
    """
    folder = resource("dashboards")
    if not (folder / "live_genre.ipynb").is_file():
        raise DashboardError(f"There is no dashboard at {folder}: work in a checkout of the repository.")
    if settings.folder and not Path(settings.folder).is_dir():
        raise ParameterError(f"{settings.folder} is not a folder: name one with recordings for --folder.")
    model = bundle_folder(settings.model) if settings.model else None
    if model:
        read_card(model)
    port = _free_port(port)
    sessions = Path(tempfile.mkdtemp(prefix="genre-dashboard-"))
    settings = replace(
        settings,
        sessions=str(sessions),
        folder=str(Path(settings.folder).resolve()) if settings.folder else None,
        model=str(model.resolve()) if model else None,
    )
    command = [sys.executable, "-m", "voila", "live_genre.ipynb", f"--port={port}", f"--Voila.ip={HOST}"]
    command += ["--Voila.port_retries=0", "--Voila.log_level=ERROR", *_private_kernels(), *options]
    environment = _environment(folder, settings)
    process: subprocess.Popen[bytes] | None = None
    complaints: _Relay | None = None
    try:
        with _interrupts_after():
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            complaints = _Relay(process)
        _wait_until_warm(process, port, sessions)
        threading.Thread(target=_sweep_on, args=(process, sessions), daemon=True).start()
        yield Serving(f"http://localhost:{port}/", sessions, process)
    finally:
        if process is not None and complaints is not None:
            # Kernels that are ended while they start complain about it, with tracebacks.
            complaints.ended = True
            _stop(process)
        shutil.rmtree(sessions, ignore_errors=True)


@contextmanager
def _interrupts_after() -> Iterator[None]:
    """Let an interrupt wait for what runs inside: one that comes while a process starts would leave it behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    previous = {number: signal.signal(number, lambda number, _: came.append(number)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    for late in came:
        signal.raise_signal(late)


def _make_demo_songs() -> None:
    """So that there is something to listen to; without them the dashboard works as well."""
    from genre_lib.datasets.demo import make_demo
    from genre_lib.executors import get_executor
    from genre_lib.utils.progress import progress_lines

    try:
        with get_executor("processes") as executor:
            make_demo(executor=executor, progress=progress_lines("demo songs"))
    except GenreLibError as error:
        print(f"no demo songs: {error}", file=sys.stderr)


def _environment(folder: Path, settings: Settings) -> dict[str, str]:
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    paths = {"JUPYTER_PATH": str(folder), "PYTHONPATH": str(import_folder())}
    joined = {name: os.pathsep.join(filter(None, [path, os.environ.get(name)])) for name, path in paths.items()}
    # Many visitors share the machine, and each arena of malloc costs memory in every kernel.
    return {**os.environ, **one_thread, "MALLOC_ARENA_MAX": "2", **joined, **settings.to_environment()}


def _private_kernels() -> list[str]:
    # Sockets in the file system are for their owner alone; those of TCP are for everyone on the machine.
    return ["--KernelManager.transport=ipc"] if os.name == "posix" else []


def _free_port(port: int) -> int:
    if not 0 <= port <= 65_535:
        raise ParameterError(f"There is no port {port}: choose one from 0 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ParameterError(
                f"Port {port} cannot be used ({error.strerror}): choose another with --port."
            ) from error
        return int(probe.getsockname()[1])


def _wait_until_warm(process: subprocess.Popen[bytes], port: int, sessions: Path) -> None:
    """Wait for the server and for a kernel that has run the notebook: it says so in its folder."""
    until = time.monotonic() + _WARM_WITHIN_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise DashboardError(
                "Voilà did not start: install the project with its [notebooks] extra, and look at the messages above."
            )
        if any(sessions.glob(f"*/{READY}")) and _listens(port):
            return
        time.sleep(0.1)
    raise DashboardError("The dashboard's first kernel did not start: look at the messages above.")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _sweep_on(process: subprocess.Popen[bytes], sessions: Path) -> None:
    while process.poll() is None:
        time.sleep(_SWEEP_EVERY_S)
        sweep(sessions)


class _Relay:
    """Passes on what a process and its children write to standard error, until they are ended."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.ended = False
        assert process.stderr is not None
        self._lines = process.stderr
        threading.Thread(target=self._pass_on, daemon=True).start()

    def _pass_on(self) -> None:
        for line in self._lines:
            if not self.ended:
                sys.stderr.write(line.decode("utf-8", "replace"))
                sys.stderr.flush()


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Let Voilà shut its kernels down; end whatever is left of its process group after that."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_WITHIN_S)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
