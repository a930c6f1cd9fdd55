"""The repository's own promises: one lock for every way to install, nothing that belongs to one machine."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout: there is no list of tracked files")
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def test_conda_installs_the_same_lock_with_the_same_python() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert [line for line in pip if "requirements.lock" in line and "--require-hashes" in line]
    assert "python=3.11" in environment["dependencies"]
    assert {"nodejs=20", "pip", "ffmpeg"} <= {entry for entry in environment["dependencies"] if isinstance(entry, str)}


def test_the_lock_pins_every_package_with_hashes_and_no_address() -> None:
    text = (ROOT / "requirements.lock").read_text()
    packages = re.split(r"\n(?=\S)", text.strip())
    assert len(packages) > 100
    for package in packages:
        assert re.match(r"[a-z0-9.-]+==\S+", package), package
        assert "--hash=sha256:" in package, package
    assert "://" not in text


def test_the_lock_holds_everything_the_project_asks_for() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    asked = {name.lower() for name in re.findall(r'^  "([A-Za-z0-9_.-]+)[<>=]', project, re.MULTILINE)}
    locked = set(re.findall(r"^([a-z0-9.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    fixed = {
        "jupyterlab",
        "voila",
        "ipywidgets",
        "keras",
        "tensorflow",
        "tensorflowjs",
        "librosa",
        "plotly",
        "papermill",
    }
    assert fixed <= asked <= locked


def test_no_data_that_may_not_be_redistributed_is_tracked() -> None:
    audio = {".wav", ".flac", ".mp3", ".ogg", ".au", ".m4a", ".npz", ".npy"}
    # What a model of ours said of clips (data/models) is ours to pass on.
    models = ROOT / "data" / "models"
    assert not [path for path in tracked() if path.suffix in audio and models not in path.parents]


def test_tracked_files_are_small() -> None:
    assert not [path for path in tracked() if path.stat().st_size > 4_000_000]


def test_every_make_target_is_listed() -> None:
    answer = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    for target in phony[1].split():
        assert f"make {target} " in answer.stdout
