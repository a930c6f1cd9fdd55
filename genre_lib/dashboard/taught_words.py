"""What a card says about genres that were taught, for the person who taught them."""

from __future__ import annotations

from html import escape
from typing import Any

from genre_lib.bundle.card import Card

_UNMEASURED = "Nothing was measured: no song could be left out. Teach each genre two songs or more, by several artists."


def what_was_learnt(card: Card) -> str:
    """The genres, how right it was about songs that were left out, and what to beware of, as HTML."""
    genres = ", ".join(escape(genre) for genre in card.genres)
    limits = "".join(f"<li>{escape(sentence)}</li>" for sentence in card.limits)
    return (
        f"<h2>{escape(card.name)} {escape(card.version)}: {genres}</h2>"
        f"{_measured(card)}<h3>What to know</h3><ul>{limits}</ul>"
    )


def _measured(card: Card) -> str:
    found = next((metric for metric in card.metrics if metric["name"] == "accuracy"), None)
    if found is None:
        return f"<p>{escape(_UNMEASURED)}</p>"
    low, high = found["interval"]
    right = round(found["value"] * found["n"])
    rows = "".join(_row(score) for score in card.report.get("per_genre", []) if score["n_clips"])
    return (
        f"<p class='figure-of-merit'><b>{right} of {found['n']}</b> songs named rightly, each left out while the "
        f"others were learnt: {100 * found['value']:.0f} %, 95 % interval {100 * low:.0f} to {100 * high:.0f} %.</p>"
        f"<table><thead><tr><th>Genre</th><th>Songs left out</th><th>Right</th><th>95 % interval</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def _row(score: dict[str, Any]) -> str:
    recall = score["recall"]
    interval = f"{100 * recall['low']:.0f} to {100 * recall['high']:.0f} %"
    share = f"{100 * recall['value']:.0f} %"
    return f"<tr><td>{escape(score['genre'])}</td><td>{score['n_clips']}</td><td>{share}</td><td>{interval}</td></tr>"
