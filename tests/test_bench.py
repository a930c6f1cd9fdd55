"""The report of `make bench`: one table and one file, whatever becomes of its parts."""

import json
import subprocess
import sys
import types

import pytest

from benchmarks import __main__ as bench
from benchmarks.measuring import LeftOut, Row


def install(monkeypatch: pytest.MonkeyPatch, **runs) -> None:
    """Benches that do what they are told, in place of the real ones."""
    for name, run in runs.items():
        module = types.ModuleType(f"benchmarks.{name}", f"About {name}.\n\nMore.")
        module.run = run
        monkeypatch.setitem(sys.modules, f"benchmarks.{name}", module)
    monkeypatch.setattr(bench, "BENCHES", tuple(runs))


def good() -> list[Row]:
    return [
        Row("quick", 2.5, "x", aim="at least 2"),
        Row("slow", 3.0, "s", aim="at most 1", note="a|b"),
        Row("growth", 1.1, "x", aim="about 1"),
        Row("size", 123456.0, "B"),
    ]


def absent() -> list[Row]:
    raise LeftOut("it needs a piano.")


def broken() -> list[Row]:
    raise subprocess.CalledProcessError(3, "x", stderr="Traceback\nValueError: no such thing\n")


def test_a_bench_that_cannot_run_says_why_and_the_rest_goes_on(monkeypatch, tmp_path, capsys) -> None:
    install(monkeypatch, absent=absent, broken=broken, good=good)
    assert bench.main(["--out", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "Left out: it needs a piano." in said
    assert "Failed: a process ended with 3: ValueError: no such thing" in said
    assert "2 of 3 aims met" in said
    assert "missed: good: slow" in said
    sections = json.loads((tmp_path / "bench.json").read_text())["sections"]
    assert list(sections) == ["absent", "broken", "good"]
    assert sections["absent"]["left_out"] == "it needs a piano."
    assert [row["met"] for row in sections["good"]["rows"]] == [True, False, True, None]
    assert sections["good"]["title"] == "About good."


def test_the_table_is_one_in_markdown_and_to_the_eye(monkeypatch, tmp_path, capsys) -> None:
    install(monkeypatch, good=good)
    assert bench.main(["--out", str(tmp_path)]) == 0
    lines = [line for line in (tmp_path / "bench.md").read_text().splitlines() if line.startswith("|")]
    assert len(lines) == 6
    assert len({len(line) for line in lines}) == 1
    assert {line.count("|") for line in lines} == {7}
    assert "123,456" in lines[-1]
    assert all(line in capsys.readouterr().out for line in lines[:1])


def test_benches_are_chosen_by_name(monkeypatch, tmp_path, capsys) -> None:
    install(monkeypatch, good=good, absent=absent)
    assert bench.main(["good", "--out", str(tmp_path)]) == 0
    assert list(json.loads((tmp_path / "bench.json").read_text())["sections"]) == ["good"]
    with pytest.raises(SystemExit) as ending:
        bench.main(["goof", "--out", str(tmp_path)])
    assert ending.value.code == 2
    assert "there is no bench goof: choose some of good, absent." in capsys.readouterr().err


def test_every_bench_there_is_has_a_title_and_runs() -> None:
    import importlib

    for name in bench.BENCHES:
        module = importlib.import_module(f"benchmarks.{name}")
        assert module.__doc__
        assert callable(module.run)
