"""The one accuracy that is claimed of a model, from its card, and the one for music from elsewhere beside it."""

from __future__ import annotations

from typing import Any

from genre_lib.bundle.card import Card

WORLD = "world_accuracy"


def accuracy_claim(card: Card) -> dict[str, Any] | None:
    """The card's accuracy over whole recordings that says most: test before folds before validation; None without any.

    The page claims the same one (`web/src/views/about-view.ts`).
    """
    own = [
        metric
        for metric in card.metrics
        if metric["name"].endswith("accuracy") and not metric["name"].startswith(("baseline_", "step_", "world_"))
    ]
    return min(own, key=lambda metric: _rank(metric["split"]), default=None)


def world_claim(card: Card) -> dict[str, Any] | None:
    """The card's accuracy on music that has nothing to do with what it was trained on; None where none was measured."""
    return next((metric for metric in card.metrics if metric["name"] == WORLD), None)


def claim_words(metric: dict[str, Any]) -> str:
    """A claim in words: how right it is, of how many, and on what.

    Examples
    --------
    >>> claim_words({"value": 0.723, "n": 639, "interval": [0.66, 0.783], "data_set": "gtzan", "split": "5 folds"})
    '72 % (95 % interval 66 to 78 %) of 639 clips of gtzan (5 folds)'
    """
    interval = ""
    if "interval" in metric:
        interval = " (95 % interval {:.0f} to {:.0f} %)".format(*(100 * end for end in metric["interval"]))
    where = f"{metric['n']} clips of {metric['data_set']} ({metric['split']})"
    return f"{100 * metric['value']:.0f} %{interval} of {where}"


def _rank(split: str) -> int:
    return 0 if "test" in split else 1 if "fold" in split else 2
