"""The wheel, installed where there is no checkout: it hears, serves page and dashboard, and runs the notebooks."""

import json
import os
import re
import shutil
import site
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from genre_lib.serving.demo import demo_songs
from tests.clusters import REPOSITORY
from tests.conftest import write_song
from tests.killing import kill_all

pytestmark = pytest.mark.slow

UV = shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"
LARGEST = 12_000_000


def interpreters() -> list[Path]:
    """This interpreter and, of every other version that the library supports, one that is on this machine."""
    found = {f"{sys.version_info[0]}.{sys.version_info[1]}": Path(sys.executable)}
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in ("3.12", "3.13", "3.14"):
        for path in (shutil.which(f"python{version}"), *sorted(versions.glob(f"{version}.*/bin/python"))):
            # A shim answers for versions that are not there.
            if path and version not in found and subprocess.run([path, "-c", ""], capture_output=True).returncode == 0:
                found[version] = Path(path)
    return list(found.values())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built by way of the sdist, as it is released."""
    if not (REPOSITORY / "web" / "dist" / "index.html").is_file():
        pytest.fail("the page is not built: run make web first")
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(REPOSITORY)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout[-2000:] + answer.stderr[-2000:]
    return next(folder.glob("*.whl"))


def installed(wheel: Path, folder: Path, interpreter: Path, extra: str = "") -> Path:
    """The `genre` of a fresh environment that holds the wheel and what it needs."""
    subprocess.run([UV, "venv", "-q", "--python", str(interpreter), str(folder)], check=True)
    environment = {**os.environ, "VIRTUAL_ENV": str(folder)}
    command = [UV, "pip", "install", "-q", f"genre-lib{extra} @ {wheel.as_uri()}"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert answer.returncode == 0, answer.stderr[-2000:]
    return folder / "bin" / "genre"


def call(genre: Path, *arguments: str, cwd: Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    answer = subprocess.run(
        [str(genre), *arguments], capture_output=True, text=True, check=False, cwd=cwd, env=outside(cwd)
    )
    assert answer.returncode == status, answer.stdout[-2000:] + answer.stderr[-2000:]
    return answer


def outside(folder: Path) -> dict[str, str]:
    """An environment in which nothing of the checkout is found; demo songs, once made, are there for all."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    derived = folder / "share" / "genre-lib" / "derived"
    derived.mkdir(parents=True, exist_ok=True)
    if not (derived / "demo").exists():
        (derived / "demo").symlink_to(demo_songs().folder)
    # Where Voilà's own templates lie when it is a neighbour's.
    neighbours = str(Path(sys.prefix) / "share" / "jupyter")
    return {**environment, "XDG_DATA_HOME": str(folder / "share"), "JUPYTER_PATH": neighbours, "PYTHONUNBUFFERED": "1"}


@contextmanager
def served(genre: Path, *arguments: str, cwd: Path) -> Iterator[str]:
    """The address that a serving command prints, while it serves."""
    process = subprocess.Popen(
        [str(genre), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=cwd,
        env=outside(cwd),
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if address := re.search(r"is at (http://\S+)", line):
                yield address[1]
                break
        else:
            pytest.fail("".join(said))
    finally:
        # Politely, so that the dashboard ends Voilà and its kernels, which are in a session of their own.
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(60)
        if process.poll() is None:
            kill_all(process)


def fetched(address: str) -> str:
    with urllib.request.urlopen(address, timeout=60) as answer:
        return str(answer.read().decode())


def test_the_wheel_is_small_and_holds_what_it_should(wheel: Path) -> None:
    assert wheel.stat().st_size < LARGEST
    names = zipfile.ZipFile(wheel).namelist()
    held = {name.removeprefix("genre_lib/resources/") for name in names if name.startswith("genre_lib/resources/")}
    assert {
        "data/models/gtzan/card.json",
        "data/gtzan/tracks.csv",
        "web/dist/index.html",
        "web/nginx/headers.conf",
        "dashboards/live_genre.ipynb",
        "notebooks/01_prepare_data.ipynb",
    } <= held
    assert {name.split("/")[0] for name in names} == {
        "beetsplug",
        "genre_lib",
        wheel.name.split("-py3")[0] + ".dist-info",
    }


@pytest.mark.parametrize("interpreter", interpreters(), ids=lambda path: str(path.resolve().name))
def test_an_empty_environment_hears_and_serves_the_page(wheel: Path, tmp_path: Path, interpreter: Path) -> None:
    genre = installed(wheel, tmp_path / "env", interpreter)
    work = tmp_path / "elsewhere"
    work.mkdir()
    song = write_song(work / "song.wav")
    answer = json.loads(call(genre, "predict", str(song), "--format", "json", cwd=work).stdout)
    assert answer["state"] in {"music", "probable", "mixed", "unsure"}
    assert abs(sum(answer["probabilities"].values()) - 1) < 1e-3
    checked = call(genre, "model", "check", cwd=work).stdout
    assert re.search(r"LiteRT .* ok", checked)
    assert "parameters" in call(genre, "model", "info", cwd=work).stdout
    with served(genre, "web", "--port", "0", cwd=work) as address:
        assert "<title>" in fetched(address)
        held = zipfile.ZipFile(wheel).namelist()
        card = next(name for name in held if re.search(r"/web/dist/assets/model-\w+/card\.json$", name))
        assert json.loads(fetched(address + card.split("/web/dist/")[1]))["genres"]
    for command in (["dashboard"], ["run"], ["explain", str(song), "--at", "0:03", "--out", "why"]):
        said = call(genre, *command, cwd=work, status=1).stderr
        assert re.fullmatch(r"genre: .* needs the package \w+(: pip install|, and with it Python 3.11).*\n", said), said
    assert not (work / "runs").exists()


@pytest.mark.parametrize("interpreter", interpreters()[1:], ids=lambda path: str(path.resolve().name))
def test_another_python_serves_the_dashboard(wheel: Path, tmp_path: Path, interpreter: Path) -> None:
    genre = installed(wheel, tmp_path / "env", interpreter, "[notebooks]")
    with served(genre, "dashboard", "--port", "0", cwd=tmp_path) as address:
        assert "<title>Live genre</title>" in fetched(address)


@pytest.fixture(scope="module")
def everything(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel beside the packages of this environment, so that they need not be fetched again."""
    folder = tmp_path_factory.mktemp("everything") / "env"
    subprocess.run([UV, "venv", "-q", "--python", sys.executable, str(folder)], check=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    # A path alone: what this environment's own .pth files say, such as where the checkout is, is not read.
    (packages / "neighbours.pth").write_text(site.getsitepackages()[0] + "\n")
    subprocess.run(
        [UV, "pip", "install", "-q", "--no-deps", str(wheel)],
        check=True,
        env={**os.environ, "VIRTUAL_ENV": str(folder)},
    )
    return folder / "bin" / "genre"


def test_the_library_is_the_wheels(everything: Path, tmp_path: Path) -> None:
    code = "import genre_lib, genre_lib.bundle.resources as r; print(genre_lib.__file__, r.in_checkout())"
    python = everything.with_name("python")
    answer = subprocess.run([python, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=outside(tmp_path))
    assert answer.stdout.split()[0].startswith(str(everything.parent.parent)), answer.stdout + answer.stderr
    assert answer.stdout.split()[1] == "False"


def test_the_dashboard_is_served(everything: Path, tmp_path: Path) -> None:
    with served(everything, "dashboard", "--port", "0", cwd=tmp_path) as address:
        assert "<title>Live genre</title>" in fetched(address)


def test_the_notebooks_run_where_one_stands(everything: Path, tmp_path: Path) -> None:
    music = tmp_path / "music"
    for genre, seed in (("polka", 0), ("waltz", 7)):
        (music / genre).mkdir(parents=True)
        for number in range(6):
            write_song(music / genre / f"{number}.wav", seconds=5.0, seed=seed + 2 * number)
    given = {"dataset": str(music), "epochs": "1", "leak_epochs": "0", "robustness": "false"}
    parameters = [part for name, value in given.items() for part in ("-p", name, value)]
    said = call(everything, "run", "--name", "tiny", *parameters, cwd=tmp_path).stdout
    assert "05_export: running" in said
    call(everything, "model", "check", str(tmp_path / "runs" / "tiny" / "bundle"), cwd=tmp_path)
    assert call(everything, "sweep", "data/sweeps/networks.yaml", "--list", cwd=tmp_path).stdout
    call(everything, "notebooks", "mine", cwd=tmp_path)
    assert (tmp_path / "mine" / "03_evaluate.ipynb").is_file()
