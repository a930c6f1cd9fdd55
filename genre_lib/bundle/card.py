"""The model card: what a bundle says of itself, as typed values."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import fastjsonschema
import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.front_end import FrontEnd
from genre_lib.bundle.belief_settings import BeliefSettings
from genre_lib.bundle.timing import Timing
from genre_lib.errors import BundleError

# Version 2 has the belief; a card without one is written as version 1, and what it says is shown as a moving mean.
SCHEMA_VERSION = 2

# The span that the clip's temperature and threshold were fitted on.
CLIP_S = 30.0


@dataclass(frozen=True)
class BySpan:
    """A value for each of the spans that are shown: one step, the smoothed curve, a whole clip."""

    step: float
    smoothed: float
    clip: float

    def at(self, span_s: float, *, step_period_s: float, smoothing_s: float) -> float:
        """Value for a span of `span_s` seconds: linear in its logarithm between the three, constant outside."""
        points = [(step_period_s, self.step), (CLIP_S, self.clip)]
        if step_period_s < smoothing_s < CLIP_S:
            points.insert(1, (smoothing_s, self.smoothed))
        if span_s <= points[0][0]:
            return points[0][1]
        for (left, low), (right, high) in itertools.pairwise(points):
            if span_s <= right:
                share = math.log(span_s / left) / math.log(right / left)
                return low + share * (high - low)
        return points[-1][1]


@dataclass(frozen=True)
class BySize:
    """How logits are calibrated by their size: the root of the mean, over the steps of a span, of their variance.

    Attributes
    ----------
    least_size : float > 0
        The mean logits of a span are divided by its size, at least by this: what no genre fits has small logits.
    temperatures, unsure_below : BySpan
        For logits that were divided so, instead of the card's.
    """

    least_size: float
    temperatures: BySpan
    unsure_below: BySpan

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """From card.json's content, which fits the schema."""
        spans = {name: BySpan(**values[name]) for name in ("temperatures", "unsure_below")}
        return cls(least_size=values["least_size"], **spans)


@dataclass(frozen=True)
class FileEntry:
    """Hash and size of one file of a bundle."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Card:
    """card.json; the fields are described in docs/bundle.md and genre_lib/bundle/card.schema.json."""

    name: str
    version: str
    description: str
    genres: tuple[str, ...]
    front_end: FrontEnd
    timing: Timing
    smoothing_s: float
    temperatures: BySpan
    unsure_below: BySpan
    silence_dbfs: float
    limits: tuple[str, ...]
    licence: str
    metrics: tuple[dict[str, Any], ...] = ()
    training: dict[str, Any] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    files: dict[str, FileEntry] = field(default_factory=dict)
    belief: BeliefSettings | None = None
    by_size: BySize | None = None

    def __repr__(self) -> str:
        return f"Card({self.name} {self.version}: {', '.join(self.genres)})"

    @property
    def step_period_s(self) -> float:
        """Seconds from one step to the next."""
        return self.timing.step_frames * self.front_end.frame_period_s

    @property
    def receptive_field_s(self) -> float:
        """Seconds of sound that one step hears."""
        return self.front_end.n_samples(self.timing.receptive_field_frames) / self.front_end.sample_rate

    @property
    def minimum_s(self) -> float:
        """Seconds of sound from which on there is an answer."""
        return self.front_end.n_samples(self.timing.minimum_frames) / self.front_end.sample_rate

    def calibrated(
        self, logits: NDArray[np.floating[Any]], sizes: NDArray[np.floating[Any]], span_s: float
    ) -> NDArray[np.float64]:
        """Mean logits over temperature, and over size where the card goes by it: ready for a softmax.

        Parameters
        ----------
        logits : array [shape=(..., n_genres)]
            Means over the steps of spans.
        sizes : array [shape=(...,)]
            Of the spans, see `BySize`.
        span_s : float > 0 [s]
        """
        by_size = self.by_size
        temperatures = self.temperatures if by_size is None else by_size.temperatures
        temperature = temperatures.at(span_s, step_period_s=self.step_period_s, smoothing_s=self.smoothing_s)
        divisor = 1.0 if by_size is None else np.maximum(sizes, by_size.least_size)[..., None]
        return np.asarray(logits, np.float64) / (divisor * temperature)

    def unsure_threshold(self, span_s: float) -> float:
        """Probability below which the best genre of `span_s` seconds is not named."""
        thresholds = self.unsure_below if self.by_size is None else self.by_size.unsure_below
        return thresholds.at(span_s, step_period_s=self.step_period_s, smoothing_s=self.smoothing_s)

    def to_dict(self) -> dict[str, Any]:
        """card.json's content."""
        values: dict[str, Any] = {"schema_version": 1 if self.belief is None else SCHEMA_VERSION, **asdict(self)}
        if self.belief is None:
            del values["belief"]
        else:
            values["belief"] = self.belief.to_dict()
        if self.by_size is None:
            del values["by_size"]
        values["genres"], values["limits"], values["metrics"] = list(self.genres), list(self.limits), list(self.metrics)
        values["timing"] |= {
            "step_period_s": round(self.step_period_s, 9),
            "receptive_field_s": round(self.receptive_field_s, 9),
        }
        return values

    @classmethod
    def from_dict(cls, values: Any, *, source: str = "card.json") -> Self:
        """A card from card.json's content.

        Raises
        ------
        BundleError
            The content is of a newer schema or does not fit it.
        """
        check_schema(values, source=source)
        values = {key: value for key, value in values.items() if key != "schema_version"}
        timing = {name: value for name, value in values["timing"].items() if not name.endswith("_s")}
        card = cls(
            **values
            | {
                "genres": tuple(values["genres"]),
                "front_end": FrontEnd.from_dict(values["front_end"]),
                "timing": Timing(**timing),
                "temperatures": BySpan(**values["temperatures"]),
                "unsure_below": BySpan(**values["unsure_below"]),
                "limits": tuple(values["limits"]),
                "metrics": tuple(values["metrics"]),
                "belief": BeliefSettings.from_dict(values["belief"]) if "belief" in values else None,
                "by_size": BySize.from_dict(values["by_size"]) if "by_size" in values else None,
                "files": {name: FileEntry(**entry) for name, entry in values["files"].items()},
            }
        )
        if not math.isclose(card.step_period_s, values["timing"]["step_period_s"], rel_tol=1e-6):
            raise BundleError(f"{source} gives a step period that its front end contradicts: make the bundle again.")
        return card


def check_schema(values: Any, *, source: str) -> None:
    """Hold a card to the published schema; a BundleError names the first thing that does not fit."""
    version = values.get("schema_version") if isinstance(values, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise BundleError(
            f"{source} has schema version {version}, newer than {SCHEMA_VERSION}, which this program knows: update it."
        )
    try:
        _validator()(values)
    except fastjsonschema.JsonSchemaValueException as error:
        where = "/".join(map(str, error.path[1:])) or "the card"
        what = error.message.removeprefix(error.name or "").strip()
        raise BundleError(
            f"{source} does not fit the model card's schema at {where} ({what}): get or make the bundle again."
        ) from error


@lru_cache(maxsize=1)
def card_schema() -> dict[str, Any]:
    """The JSON Schema of card.json."""
    schema: dict[str, Any] = json.loads(Path(__file__).with_name("card.schema.json").read_text())
    return schema


@lru_cache(maxsize=1)
def _validator() -> Callable[[Any], Any]:
    # Not jsonschema: with what Jupyter installs beside it, importing that takes a second.
    validator: Callable[[Any], Any] = fastjsonschema.compile(card_schema())
    return validator
