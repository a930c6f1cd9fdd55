"""How a model's steps become a belief, as the card says it: fitted on clips that the model was not trained on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from genre_lib.errors import ParameterError


@dataclass(frozen=True)
class LiveAndFile:
    """A value for the newest moment of live sound, which knows no future, and one for a moment between both."""

    live: float
    file: float


@dataclass(frozen=True)
class PathSettings:
    """How a recording is cut into segments: by the most probable path of genres.

    Attributes
    ----------
    evidence_weight : float > 0
        What a step's log-probabilities count on the path.
    mean_duration_s : float > 0 [s]
        How long a genre is expected to last; a change costs the more the longer.
    least_s : float >= 0 [s]
        The shortest segment.
    """

    evidence_weight: float
    mean_duration_s: float
    least_s: float


@dataclass(frozen=True)
class Sharpness:
    """What the mean of a piece's logits is multiplied by before its softmax: the more steps it is of, the surer it is.

    Attributes
    ----------
    one_step : float
        For a single step.
    growth : float
        More for each unit of the natural logarithm of the number of steps.
    least_size : float > 0, optional
        The mean is divided by the size of the piece's logits, at least that; without it, by nothing.
    """

    one_step: float
    growth: float
    least_size: float | None = None


@dataclass(frozen=True)
class NewestSettings:
    """What a step of live sound counts for its own moment, beyond what it tells about the genre that goes on.

    Attributes
    ----------
    weight : float
        Its logits count so much, divided by their size.
    least_size : float > 0
        Of smaller logits: what they are divided by.
    """

    weight: float
    least_size: float


@dataclass(frozen=True)
class PieceSettings:
    """How a recording is believed as pieces, stretches in one manner and of one genre each.

    Attributes
    ----------
    block_steps : int >= 1
        A piece begins and ends at multiples of so many steps.
    mean_duration_s : float > 0 [s]
        How long a piece is expected to last.
    longest_s : float > 0 [s]
        A longer one counts as several.
    origin : tuple of float [length n_genres]
        The logits of music on the whole.
    directions : tuple of tuple of float [shape=(n_directions, n_genres)]
        Along which pieces differ; what the steps of a piece scatter along each is what `gains` are measured by.
    gains : tuple of float > 0 [length n_directions]
        How much more pieces differ than a step scatters.
    sharpness : Sharpness
    same_genre : float in [0, 1], optional
        That the next piece is of the same genre; without it, its genre is any.
    """

    block_steps: int
    mean_duration_s: float
    longest_s: float
    origin: tuple[float, ...]
    directions: tuple[tuple[float, ...], ...]
    gains: tuple[float, ...]
    sharpness: Sharpness
    same_genre: float | None = None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """From a card's `belief.pieces`."""
        return cls(
            **{
                **values,
                "origin": tuple(values["origin"]),
                "directions": tuple(map(tuple, values["directions"])),
                "gains": tuple(values["gains"]),
                "sharpness": Sharpness(**values["sharpness"]),
            }
        )


@dataclass(frozen=True)
class BeliefSettings:
    """A card's `belief`; docs/bundle.md says what is done with it.

    Attributes
    ----------
    evidence_weight : LiveAndFile
        What a step's log-probabilities count; far below 1 because neighbouring steps hear mostly the same sound, and
        because a song that is taken for another genre is so for long. Live it is greater, for a change to be seen soon.
    mean_duration_s : float > 0 [s]
        How long a genre is expected to last. Like the weight it is what makes the belief right most often, which is
        shorter than pieces of music are.
    stages : int >= 1
        In how many stages a genre lasts: 1 lets it end at any time, more make very short and very long stays rarer.
    temperatures : LiveAndFile
        The belief's logarithm is divided by it, so that beliefs of 70 % are right in 70 %.
    named_from : LiveAndFile
        The belief from which on a moment's genre is named.
    whole_named_from : float in [0, 1]
        The same for a recording as a whole.
    probable_lead : float in [0, 1]
        How far the first genre must be ahead of the second to be called probable where it is not named.
    lag_s : float > 0 [s]
        Live, a moment is settled when so much more has been heard.
    path : PathSettings
    pieces : PieceSettings, optional
        How a recording is believed; without it, by the chain.
    newest : NewestSettings, optional
        Live; without it, the chain alone is believed.
    """

    evidence_weight: LiveAndFile
    mean_duration_s: float
    stages: int
    temperatures: LiveAndFile
    named_from: LiveAndFile
    whole_named_from: float
    probable_lead: float
    lag_s: float
    path: PathSettings
    pieces: PieceSettings | None = None
    newest: NewestSettings | None = None

    def with_steadiness(self, mean_duration_s: float | None) -> Self:
        """The same for genres expected to last that long, of pieces and path too; None changes nothing.

        The newest step counts the less the longer they are expected to last. Nothing lasts no time: a ParameterError.
        """
        if mean_duration_s is None:
            return self
        if not 0 < mean_duration_s < math.inf:
            raise ParameterError(f"steadiness_s is {mean_duration_s}: give the seconds that a genre lasts, above 0.")
        stretch = mean_duration_s / self.mean_duration_s
        path = replace(self.path, mean_duration_s=self.path.mean_duration_s * stretch)
        pieces = self.pieces and replace(self.pieces, mean_duration_s=self.pieces.mean_duration_s * stretch)
        newest = self.newest and replace(self.newest, weight=self.newest.weight / max(1.0, stretch))
        return replace(self, mean_duration_s=mean_duration_s, path=path, pieces=pieces, newest=newest)

    def with_names_from(self, belief: float | None) -> Self:
        """The same with one threshold for live sound, files and whole recordings; None changes nothing.

        A threshold that is no probability is a ParameterError.
        """
        if belief is None:
            return self
        if not 0 <= belief <= 1:
            raise ParameterError(f"named_from is {belief}: give a probability from 0 to 1.")
        return replace(self, named_from=LiveAndFile(belief, belief), whole_named_from=belief)

    def to_dict(self) -> dict[str, Any]:
        """A card's `belief`."""
        values = {name: value for name, value in asdict(self).items() if value is not None}
        if self.pieces is None:
            return values
        lists = {"origin": list(self.pieces.origin), "directions": [list(each) for each in self.pieces.directions]}
        values["pieces"] |= {**lists, "gains": list(self.pieces.gains)}
        if self.pieces.same_genre is None:
            del values["pieces"]["same_genre"]
        if self.pieces.sharpness.least_size is None:
            del values["pieces"]["sharpness"]["least_size"]
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """From a card's `belief`."""
        nested = {
            "evidence_weight": LiveAndFile(**values["evidence_weight"]),
            "temperatures": LiveAndFile(**values["temperatures"]),
            "named_from": LiveAndFile(**values["named_from"]),
            "path": PathSettings(**values["path"]),
            "pieces": PieceSettings.from_dict(values["pieces"]) if values.get("pieces") else None,
            "newest": NewestSettings(**values["newest"]) if values.get("newest") else None,
        }
        return cls(**{**values, **nested})
