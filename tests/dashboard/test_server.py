"""Starting and stopping the dashboard's server, and kernels that nobody uses any more."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from genre_lib.bundle.resources import work_folder
from genre_lib.dashboard.server import _interrupts_after, serving
from genre_lib.dashboard.settings import Settings
from genre_lib.errors import BundleError, ParameterError
from genre_lib.utils.processes import is_alive
from tests.dashboard.test_dashboard import until
from tests.dashboard.visitor import Visitor

pytest.importorskip("voila")


def refused(settings: Settings, **options: int) -> None:
    with serving(settings, **options):
        pass


def test_a_missing_folder_model_or_a_port_in_use_is_said_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="not a folder"):
        refused(Settings(folder=str(tmp_path / "nowhere")))
    with pytest.raises(BundleError, match="not a model bundle"):
        refused(Settings(model=str(tmp_path)))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ParameterError, match="--port"):
            refused(Settings(), port=taken.getsockname()[1])


def test_settings_reach_the_kernels_as_they_were() -> None:
    settings = Settings(model="/a b", folder="ü", sessions="/s", upload_bytes=5)
    assert Settings.from_environment(settings.to_environment()) == settings
    assert Settings.from_environment({}) == Settings()


@pytest.mark.slow
def test_a_page_that_rests_gives_its_kernel_back_and_can_start_again(browser, shelf: Path) -> None:
    impatient = ("--MappingKernelManager.cull_idle_timeout=4", "--MappingKernelManager.cull_interval=1")
    with serving(Settings(folder=str(shelf)), port=0, options=impatient) as dashboard:
        visitor = Visitor(browser, dashboard.url, "?song=mixed/a.flac")
        visitor.hears("mixed/a.flac")
        resting = visitor.page.get_by_role("alertdialog")
        resting.wait_for()
        assert visitor.page.locator("#chart").count() == 1
        resting.get_by_role("button", name="Start again").click()
        visitor.hears("mixed/a.flac")
        visitor.leave()
        # The heated ones stay, however long nobody comes.
        until(lambda: len(list(dashboard.sessions.iterdir())) <= 2)
        sessions = dashboard.sessions
        kernels = [int(folder.name.split("-")[1]) for folder in sessions.iterdir()]
    assert not sessions.exists()
    until(lambda: not any(map(is_alive, kernels)))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_ends_cleanly(number: signal.Signals) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "genre_lib.cli", "dashboard", "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(work_folder())}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        lines = []
        while "The dashboard is at" not in (lines or [""])[-1]:
            line = process.stdout.readline()
            assert line, process.stderr
            lines.append(line)
        assert f"http://localhost:{port}/" in lines[-1]
        with urllib.request.urlopen(f"http://localhost:{port}/") as answer:
            assert b"What does it hear?" in answer.read()
        time.sleep(0.5)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0
        assert "Traceback" not in errors
    finally:
        process.kill()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_an_interrupt_waits_until_the_process_that_starts_is_known() -> None:
    started = []

    def start() -> None:
        with _interrupts_after():
            signal.raise_signal(signal.SIGINT)
            started.append("process")

    # A run that was started in the background ignores interrupts, and hands that on.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            start()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert started == ["process"]


@pytest.mark.slow
@pytest.mark.parametrize("after_s", [0.1, 2.0, 5.0])
def test_the_command_ends_cleanly_while_it_starts(after_s: float) -> None:
    command = [sys.executable, "-m", "genre_lib.cli", "dashboard", "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(work_folder())}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        while "warming" not in process.stdout.readline():
            assert process.poll() is None
        # The moment is what is tried, not how long something takes.
        time.sleep(after_s)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
    finally:
        process.kill()
