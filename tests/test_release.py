"""A release has one number, wherever it is written."""

import json
import re
from pathlib import Path

import yaml

import genre_lib

ROOT = Path(__file__).resolve().parents[1]


def test_package_page_container_citation_and_changelog_have_one_version() -> None:
    changes = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    label = re.search(r'org\.opencontainers\.image\.version="(\S+)"', (ROOT / "Dockerfile").read_text())
    assert changes is not None
    assert label is not None
    versions = {
        "page": json.loads((ROOT / "web" / "package.json").read_text())["version"],
        "package": json.loads((ROOT / "web" / "core" / "package.json").read_text())["version"],
        "lock of the page": json.loads((ROOT / "web" / "package-lock.json").read_text())["version"],
        "citation": yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"],
        "changelog": changes[1],
        "container": label[1],
    }
    assert set(versions.values()) == {genre_lib.__version__}, versions


def test_the_workflow_runs_the_one_test_command() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    commands = [step["run"] for step in workflow["jobs"]["test"]["steps"] if "run" in step]
    assert any(".ci/run" in command for command in commands)
