"""Examples to try everything with."""

from __future__ import annotations

from pathlib import Path

import pytest

from genre_lib.datasets.examples import EXAMPLES, fetch_example


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.key)
def test_an_example_comes_from_librosas_cache(example: object, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIBROSA_DATA_DIR", str(shared / "data" / "librosa-examples"))
    path = fetch_example(example)  # type: ignore[arg-type]
    assert path is not None
    assert path.suffix == ".ogg"


def test_every_example_is_credited() -> None:
    for example in EXAMPLES:
        assert all((example.title, example.author, example.licence))
        assert example.licence in example.credit
