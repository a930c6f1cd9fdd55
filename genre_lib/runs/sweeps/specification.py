"""What a sweep varies: a grid or a random sample of the notebooks' parameters, in a small YAML file.

::

    steps: [01_prepare_data, 02_train, 03_evaluate]   # default: the whole pipeline
    fixed: {dataset: gtzan, epochs: 40}               # the same in every run
    grid: {network: [residual, deepsound2018], fold: [0, 1, 2, 3, 4], seed: [0, 1]}
    random:                                           # optional: each drawn setting meets each point of the grid
      samples: 20
      seed: 0
      space:
        learning_rate: {low: 1.0e-4, high: 1.0e-2, scale: log}
        batch_size: [8, 16, 32]

A run is named by its own parameters: it keeps its name when the sweep grows.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from genre_lib.bundle.resources import resolve
from genre_lib.errors import ParameterError
from genre_lib.runs import notebooks
from genre_lib.utils.options import unknown_name
from genre_lib.utils.yaml_text import load_yaml


@dataclass(frozen=True)
class Planned:
    """One run of a sweep: its name, all parameters, and those of them that the sweep varies."""

    name: str
    parameters: Mapping[str, Any]
    varied: Mapping[str, Any]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Sweep:
    """What is to be run.

    Attributes
    ----------
    steps : tuple of str
        Notebooks by name.
    fixed : mapping of parameter to value
    grid : mapping of parameter to values
    space : mapping of parameter to a list of choices or {low, high, scale}
    samples, seed : int
        Of the random search.
    """

    steps: tuple[str, ...] = notebooks.PIPELINE
    fixed: Mapping[str, Any] = field(default_factory=dict)
    grid: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    space: Mapping[str, Any] = field(default_factory=dict)
    samples: int = 0
    seed: int = 0

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a specification; ParameterError where it cannot be read or holds an unknown name or parameter."""
        values = load_yaml(resolve(path), "sweep")
        if not values:
            raise ParameterError(f"The sweep {path} is empty: data/sweeps holds examples.")
        return cls.from_dict(values)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """A sweep from the mapping of its file; every run's parameters are checked."""
        values = _mapping("The sweep", values, known=("steps", "fixed", "grid", "random"))
        fixed = _mapping("fixed in the sweep", values.get("fixed"))
        grid = _mapping("grid in the sweep", values.get("grid"))
        drawn = _mapping("random in the sweep", values.get("random"), known=("space", "samples", "seed"))
        sweep = cls(
            _steps(values.get("steps")),
            fixed,
            {name: _choices(name, choices) for name, choices in grid.items()},
            _mapping("space in the sweep's random part", drawn.get("space")),
            _count("samples", drawn.get("samples", 0)),
            _count("seed", drawn.get("seed", 0)),
        )
        sweep._check()
        return sweep

    def to_dict(self) -> dict[str, Any]:
        """The mapping of a specification file."""
        values: dict[str, Any] = {"steps": list(self.steps), "fixed": dict(self.fixed)}
        values["grid"] = {name: list(choices) for name, choices in self.grid.items()}
        return values | {"random": {"samples": self.samples, "seed": self.seed, "space": dict(self.space)}}

    def runs(self) -> list[Planned]:
        """Every run, in order: each drawn setting at each point of the grid."""
        planned = {}
        for drawn in self._drawn():
            for point in itertools.product(*self.grid.values()):
                varied = {**drawn, **dict(zip(self.grid, point, strict=True))}
                run = _planned(varied, {**self.fixed, **varied}, self.steps)
                planned[run.name] = run
        return list(planned.values())

    def _drawn(self) -> Iterator[dict[str, Any]]:
        if not self.space:
            yield {}
            return
        rng = np.random.default_rng(self.seed)
        for _ in range(self.samples):
            yield {name: _draw(name, range_, rng) for name, range_ in self.space.items()}

    def _check(self) -> None:
        if bool(self.space) != bool(self.samples):
            raise ParameterError("The sweep's random part draws nothing: give it a space and samples, from 1 up.")
        twice = (set(self.fixed) & (set(self.grid) | set(self.space))) | (set(self.grid) & set(self.space))
        if twice:
            raise ParameterError(f"{min(twice)} stands twice in the sweep: keep it in one of fixed, grid and random.")
        # Names once, then each value once: a thousand runs hold few values of each parameter.
        notebooks.parse_parameters(self.runs()[0].parameters, self.steps)
        choices = {name: range_ for name, range_ in self.space.items() if isinstance(range_, list)}
        for name, values in (*self.grid.items(), *choices.items()):
            for value in values:
                notebooks.parse_parameters({name: value}, self.steps)


def _planned(varied: Mapping[str, Any], parameters: Mapping[str, Any], steps: tuple[str, ...]) -> Planned:
    described = json.dumps([parameters, steps], sort_keys=True, default=str)
    words = "_".join(f"{name}-{_word(value)}" for name, value in varied.items()) or "run"
    return Planned(f"{words[:80]}-{hashlib.sha256(described.encode()).hexdigest()[:6]}", parameters, varied)


def _word(value: Any) -> str:
    text = (
        f"{value:.3g}" if isinstance(value, float) else Path(str(value)).stem if isinstance(value, str) else str(value)
    )
    return re.sub(r"[^\w.+-]+", "-", text)


def _mapping(what: str, values: Any, known: tuple[str, ...] = ()) -> dict[str, Any]:
    values = {} if values is None else values
    if not isinstance(values, Mapping):
        raise ParameterError(f"{what} is {values!r}: give names with values, as data/sweeps shows.")
    for name in values:
        if known and name not in known:
            raise unknown_name(f"name in {what[0].lower()}{what[1:]}", name, known)
    return dict(values)


def _steps(steps: Any) -> tuple[str, ...]:
    if steps is None:
        return notebooks.PIPELINE
    if not isinstance(steps, list) or not steps:
        raise ParameterError(f"steps in the sweep is {steps!r}: give a list of notebooks, or leave it out for all.")
    for step in steps:
        if step not in notebooks.PIPELINE:
            raise unknown_name("notebook", step, notebooks.PIPELINE)
    return tuple(steps)


def _count(name: str, value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ParameterError(f"{name} of the sweep's random part is {value!r}: give a whole number from 0 up.")
    return value


def _choices(name: str, choices: Any) -> tuple[Any, ...]:
    if not isinstance(choices, list | tuple) or not choices:
        raise ParameterError(f"{name} of the sweep's grid is {choices!r}: give a list of values.")
    return tuple(choices)


def _draw(name: str, range_: Any, rng: np.random.Generator) -> Any:
    if isinstance(range_, list):
        return _choices(name, range_)[int(rng.integers(len(range_)))]
    if not isinstance(range_, Mapping) or not {"low", "high"} <= set(range_) <= {"low", "high", "scale"}:
        raise ParameterError(f"{name} of the sweep's space is {range_!r}: give a list, or low, high and scale.")
    low, high, scale = range_["low"], range_["high"], range_.get("scale", "linear")
    numbers = type(low) in (int, float) and type(high) in (int, float)
    if scale not in ("linear", "log") or not numbers or not low < high or (scale == "log" and low <= 0):
        raise ParameterError(f"{name} of the sweep's space has no range ({range_!r}): low < high; log needs low > 0.")
    whole = type(low) is type(high) is int
    if whole and scale == "linear":
        # Rounding would draw the ends half as often.
        return int(rng.integers(low, high, endpoint=True))
    value = math.exp(rng.uniform(math.log(low), math.log(high))) if scale == "log" else rng.uniform(low, high)
    return round(value) if whole else float(f"{value:.4g}")
