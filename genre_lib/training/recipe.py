"""A recipe: everything that decides what a training makes of its data, as a small YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import yaml

from genre_lib.bundle.resources import resolve
from genre_lib.errors import ParameterError
from genre_lib.networks import config_of
from genre_lib.training.config import TrainingConfig
from genre_lib.training.labelled_sources import LabelledSource
from genre_lib.training.sources import SoftLabelConfig, Source
from genre_lib.utils.options import from_mapping, unknown_name
from genre_lib.utils.yaml_text import load_yaml


@dataclass(frozen=True)
class Recipe:
    """Network, training and extra data.

    Attributes
    ----------
    network : str
        A name that `genre_lib.networks.build` knows.
    network_options : mapping
        Overrides of the network's configuration.
    training : TrainingConfig
    sources : tuple of Source
        Music beside the labelled clips, with what taggers and tags say about it; none trains on the labels alone.
    soft_labels : SoftLabelConfig
        How the taggers' probabilities become soft labels, where `training.distillation` gives these a weight.
    labelled : tuple of LabelledSource
        Further labelled clips of other music. A cross-validation divides their artists among its folds too.
    teachers : int >= 0
        Networks trained first by the same recipe, each with another seed, whose soft labels of the sources' music are
        learnt instead of the taggers'; `training.distillation.genre_weight` says how much they count.
    logit_limit : float >= 0
        How far a step's logits may be from their mean after training, see `genre_lib.networks.with_clipped_logits`; 0
        clips none.
    non_music : int >= 0
        Synthetic sounds that are no music, shown with equal belief in all genres; see `genre_lib.training.non_music`.
    """

    network: str = "residual"
    network_options: Mapping[str, Any] = field(default_factory=dict)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    sources: tuple[Source, ...] = ()
    soft_labels: SoftLabelConfig = field(default_factory=SoftLabelConfig)
    labelled: tuple[LabelledSource, ...] = ()
    teachers: int = 0
    non_music: int = 0
    logit_limit: float = 0.0

    def __post_init__(self) -> None:
        for name in ("teachers", "non_music"):
            value = getattr(self, name)
            if type(value) is not int or value < 0:
                raise ParameterError(f"{name} in the recipe is {value!r}: it must be a count from 0 up.")
        if type(self.logit_limit) not in (int, float) or self.logit_limit < 0:
            raise ParameterError(
                f"logit_limit in the recipe is {self.logit_limit!r}: it must be a number above 0, or 0 for no limit."
            )
        if self.teachers and not (self.sources and self.training.distillation.genre_weight > 0):
            raise ParameterError("Teachers in a recipe need music to teach with: give sources, and a genre_weight.")

    @classmethod
    def load(cls, path: str | Path | None) -> Self:
        """Read a recipe file; none gives the defaults.

        Raises
        ------
        ParameterError
            The file cannot be read, or holds an unknown name (the nearest one is suggested).
        """
        if not path:
            return cls()
        values = load_yaml(resolve(path), "recipe") or {}
        if not isinstance(values, Mapping):
            raise ParameterError(f"The recipe {path} holds no names with values: see data/recipes for examples.")
        return cls.from_dict(values)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """A recipe from the mapping of its file."""
        known = ("network", "training", "sources", "soft_labels", "labelled", "teachers", "non_music", "logit_limit")
        for name in values:
            if name not in known:
                raise unknown_name("name in the recipe", name, known)
        network = dict(values.get("network") or {})
        name = network.pop("name", cls.network)
        config_of(name, network)
        return cls(
            name,
            network,
            from_mapping(TrainingConfig, values.get("training"), where="training"),
            tuple(from_mapping(Source, source, where="sources") for source in values.get("sources") or ()),
            from_mapping(SoftLabelConfig, values.get("soft_labels"), where="soft_labels"),
            tuple(from_mapping(LabelledSource, source, where="labelled") for source in values.get("labelled") or ()),
            **{key: values[key] for key in known[5:] if key in values},
        )

    @classmethod
    def of_network(cls, name: str) -> Self:
        """The plain recipe of a network: its defaults, no distillation."""
        config_of(name)
        return cls(network=name)

    def overridden(self, *, network: str = "", seed: int | None = None, **training: Any) -> Self:
        """With another network or other training values.

        Empty text, 0 and None leave a value as it is; only a seed may be 0, and is left by None or a negative number.
        """
        changes = {name: value for name, value in training.items() if value not in ("", 0, None)}
        if seed is not None and seed >= 0:
            changes["seed"] = seed
        recipe = replace(self, training=replace(self.training, **changes))
        if network and network != self.network:
            config_of(network)
            recipe = replace(recipe, network=network, network_options={})
        return recipe

    def as_teacher(self, number: int) -> Self:
        """The recipe of teacher `number`, from 0: another seed, and no teachers of its own."""
        distillation = replace(self.training.distillation, genre_weight=0.0, clip_genre_weight=0.0)
        training = replace(self.training, seed=self.training.seed + number, patience=None, distillation=distillation)
        return replace(self, training=training, teachers=0)

    def to_dict(self) -> dict[str, Any]:
        """The mapping of a recipe file."""
        return {
            "network": {"name": self.network, **self.network_options},
            "training": asdict(self.training),
            "sources": [asdict(source) | {"none_of_these": list(source.none_of_these)} for source in self.sources],
            "soft_labels": asdict(self.soft_labels),
            "labelled": [asdict(source) for source in self.labelled],
            "teachers": self.teachers,
            "non_music": self.non_music,
            "logit_limit": self.logit_limit,
        }

    def to_yaml(self) -> str:
        """Content of a recipe file."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False)
