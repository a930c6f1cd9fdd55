"""Browsers beside Chromium: Firefox, and WebKitGTK, which is the nearest thing to Safari that a Linux machine can run.

Each is driven by its own protocol, so what is asked of both is little: open, choose a file, click, run a script.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

NAMES = {"firefox": "Firefox", "webkit": "WebKitGTK"}
READY_S = 60.0
HEARD_S = 120.0
_POLL_S = 0.05
_MINIBROWSERS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/libexec", "/usr/lib")

# What is saved is caught on its way: WebKitGTK has no downloads that a test could see.
_CATCH_WHAT_IS_SAVED = """
  const make = URL.createObjectURL.bind(URL);
  URL.createObjectURL = (blob) => { window.lastBlob = blob; return make(blob); };
  HTMLAnchorElement.prototype.click = function () {
    const name = this.download;
    window.lastBlob.arrayBuffer().then((buffer) => {
      let text = '';
      for (const byte of new Uint8Array(buffer)) text += String.fromCharCode(byte);
      window.savedFile = JSON.stringify([name, btoa(text)]);
    });
  };
"""


class Driver(Protocol):
    """What both protocols can do."""

    def open(self, address: str) -> None: ...
    def run(self, script: str) -> Any: ...
    def choose(self, element: str, file: Path) -> None: ...
    def click(self, element: str) -> None: ...


class FirefoxDriver:
    """Marionette, which Firefox speaks by itself."""

    def __init__(self, port: int) -> None:
        from marionette_driver.marionette import Marionette

        self._firefox = Marionette(host="127.0.0.1", port=port)
        self._firefox.start_session(timeout=READY_S)
        self._firefox.timeout.script = READY_S

    def open(self, address: str) -> None:
        self._firefox.navigate(address)

    def run(self, script: str) -> Any:
        # Without a sandbox of its own a script may change what the page sees.
        return self._firefox.execute_script(script, sandbox=None)

    def choose(self, element: str, file: Path) -> None:
        self._find(element).send_keys(str(file))

    def click(self, element: str) -> None:
        self._find(element).click()

    def _find(self, element: str) -> Any:
        return self._firefox.find_element("id", element)


class WebKitDriver:
    """WebDriver, through WebKitGTK's own driver."""

    def __init__(self, minibrowser: Path) -> None:
        from selenium import webdriver
        from selenium.webdriver.webkitgtk.options import Options
        from selenium.webdriver.webkitgtk.service import Service

        options = Options()
        options.binary_location = str(minibrowser)
        options.add_argument("--automation")
        self._webkit = webdriver.WebKitGTK(options=options, service=Service(shutil.which("WebKitWebDriver")))
        self._webkit.set_script_timeout(READY_S)

    def open(self, address: str) -> None:
        self._webkit.get(address)

    def run(self, script: str) -> Any:
        return self._webkit.execute_script(script)

    def choose(self, element: str, file: Path) -> None:
        self._webkit.find_element("id", element).send_keys(str(file))

    def click(self, element: str) -> None:
        self._webkit.find_element("id", element).click()

    def quit(self) -> None:
        self._webkit.quit()


@dataclass
class Engine:
    """A browser with the page in it."""

    name: str
    driver: Driver
    environment: dict[str, str] = field(repr=False)

    def open(self, address: str, query: str = "") -> Engine:
        """Go to the page and wait until its model is there."""
        self.driver.open(address + query)
        self.until("document.documentElement.dataset.model === 'ready'", READY_S)
        self.driver.run(_CATCH_WHAT_IS_SAVED)
        return self

    def value(self, expression: str) -> Any:
        """What a JavaScript expression is."""
        return self.driver.run(f"return {expression};")

    def text(self, element: str) -> str:
        return str(self.value(f"document.getElementById('{element}').innerText"))

    def until(self, condition: str, seconds: float = 20.0) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + seconds
        while not self.value(f"Boolean({condition})"):
            if time.monotonic() > end:
                status = self.driver.run("return ['status', 'error'].map(id => document.getElementById(id).innerText)")
                raise AssertionError(f"{self.name}: did not come true: {condition}; the page says {status}")
            time.sleep(_POLL_S)

    def choose(self, file: Path, element: str = "file") -> None:
        self.driver.run("delete document.documentElement.dataset.heard;")
        self.driver.choose(element, file)

    def hear(self, file: Path) -> dict[str, Any]:
        """Choose a file, wait for its end, and save its curve as JSON."""
        self.choose(file)
        self.until(
            "document.documentElement.dataset.heard === 'whole' || !document.getElementById('error').hidden", HEARD_S
        )
        assert self.value("document.getElementById('error').hidden"), self.text("error")
        return self.save_json()

    def save(self, button: str) -> tuple[str, bytes]:
        """Click a button that saves; the file's name and contents."""
        import base64

        self.driver.run("window.savedFile = null;")
        self.driver.run(f"document.getElementById('{button}').click();")
        self.until("window.savedFile")
        name, contents = json.loads(self.value("window.savedFile"))
        return name, base64.b64decode(contents)

    def save_json(self) -> dict[str, Any]:
        saved: dict[str, Any] = json.loads(self.save("save-json")[1])
        return saved


# Starting them ---------------------------------------------------------------------------------


def missing(name: str) -> str | None:
    """What this machine lacks to run the engine, in words."""
    needed = {"firefox": ("firefox-esr|firefox",), "webkit": ("WebKitWebDriver", "Xvfb", "dbus-daemon")}[name]
    for program in (*needed, "pulseaudio", "pactl"):
        if not any(map(shutil.which, program.split("|"))):
            return f"{name} needs {program.split('|')[0]}"
    if name == "webkit" and _minibrowser() is None:
        return "webkit needs the MiniBrowser of webkit2gtk-driver"
    return None


def left_out(name: str) -> bool:
    """Whether it cannot be run here; says so."""
    reason = missing(name)
    if reason:
        print(f"{name} was left out: {reason}.")
    return reason is not None


@contextmanager
def started(name: str, scratch: Path, *, silent: bool = False) -> Iterator[Engine]:
    """A running engine, with a sound card of its own: what is played into `room` is what its microphone hears.

    A silent one has no sound card, and a microphone that is made up.
    """
    with ExitStack() as stack:
        environment = _nowhere(scratch) if silent else stack.enter_context(sound_card(scratch))
        if name == "firefox":
            yield Engine(name, _firefox(stack, scratch, environment, made_up_microphone=silent), environment)
        else:
            yield Engine(name, _webkit(stack, scratch, environment), environment)


def _nowhere(scratch: Path) -> dict[str, str]:
    home = scratch / "home"
    home.mkdir(exist_ok=True)
    home.chmod(0o700)
    return {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "PULSE_SERVER": f"unix:{home}/sound"}


@contextmanager
def sound_card(scratch: Path) -> Iterator[dict[str, str]]:
    """A PulseAudio server without hardware; the environment that reaches it."""
    environment = _nowhere(scratch)
    socket_path = environment["PULSE_SERVER"].removeprefix("unix:")
    modules = (
        f"module-native-protocol-unix socket={socket_path} auth-anonymous=1",
        "module-null-sink sink_name=speaker",
        "module-null-sink sink_name=room",
        "module-remap-source master=room.monitor source_name=mic source_properties=device.description=Microphone",
    )
    command = ["pulseaudio", "-n", "--exit-idle-time=-1", "--daemonize=no", "--log-level=error", "--use-pid-file=no"]
    with running([*command, *(part for module in modules for part in ("-L", module))], environment):
        until_true(lambda: _quiet(["pactl", "info"], environment), "the sound server did not start")
        for kind, default in (("sink", "speaker"), ("source", "mic")):
            subprocess.run(["pactl", f"set-default-{kind}", default], env=environment, check=True)
        yield environment


@contextmanager
def playing(file: Path, environment: dict[str, str]) -> Iterator[None]:
    """A song in the room in which the microphone is."""
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-re",
        "-stream_loop",
        "-1",
        "-i",
        str(file),
        "-f",
        "pulse",
        "-device",
        "room",
        "x",
    ]
    with running(command, environment):
        yield


def _firefox(stack: ExitStack, scratch: Path, environment: dict[str, str], *, made_up_microphone: bool) -> Driver:
    profile = scratch / "profile"
    profile.mkdir()
    port = _free_port()
    preferences = {
        "marionette.port": port,
        "media.navigator.permission.disabled": True,
        "media.navigator.streams.fake": made_up_microphone,
        "media.autoplay.default": 0,
        "datareporting.policy.dataSubmissionEnabled": False,
        "app.update.enabled": False,
        "browser.shell.checkDefaultBrowser": False,
        "browser.startup.page": 0,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
        "services.settings.server": "data:,",
    }
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items())
    (profile / "user.js").write_text("\n".join(lines) + "\n")
    program = shutil.which("firefox-esr") or shutil.which("firefox") or ""
    command = [program, "--headless", "--no-remote", "--marionette", "--profile", str(profile)]
    stack.enter_context(running(command, environment))
    until_true(lambda: _answers(port), "Firefox did not start")
    return FirefoxDriver(port)


def _webkit(stack: ExitStack, scratch: Path, environment: dict[str, str]) -> Driver:
    number = next(n for n in range(90, 200) if not Path(f"/tmp/.X11-unix/X{n}").exists())
    screen = ["Xvfb", f":{number}", "-screen", "0", "1366x900x24", "-nolisten", "tcp"]
    stack.enter_context(running(screen, environment))
    until_true(Path(f"/tmp/.X11-unix/X{number}").exists, "Xvfb did not start")
    bus = f"unix:path={scratch}/bus"
    daemon = ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={bus}"]
    stack.enter_context(running(daemon, environment))
    until_true((scratch / "bus").exists, "dbus did not start")
    # Selenium's service starts the driver with the environment of this process.
    changes = {**environment, "DISPLAY": f":{number}", "DBUS_SESSION_BUS_ADDRESS": bus, "NO_AT_BRIDGE": "1"}
    before = dict(os.environ)
    os.environ.update(changes)
    try:
        browser = _minibrowser()
        assert browser is not None
        driver = WebKitDriver(browser)
    finally:
        os.environ.clear()
        os.environ.update(before)
    stack.callback(driver.quit)
    return driver


def _minibrowser() -> Path | None:
    places = (Path(place, "webkit2gtk-4.1", "MiniBrowser") for place in _MINIBROWSERS)
    return next((place for place in places if place.is_file()), None)


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    """A program and its children, ended at the end."""
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield
    finally:
        for ending in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, ending)
                process.wait(5)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
            break


def until_true(condition: Callable[[], bool], otherwise: str, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(otherwise)
        time.sleep(_POLL_S)


def _quiet(command: list[str], environment: dict[str, str]) -> bool:
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
