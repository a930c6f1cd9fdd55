"""What a figure shows, in words: for who cannot see it, and where it cannot be drawn."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

_SERIES_AT_MOST = 12


def alternative_text(figure: go.Figure | Mapping[str, Any]) -> str:
    """Title, subtitle, axes and series of a figure as sentences.

    Parameters
    ----------
    figure : Figure, or its content as a mapping

    Examples
    --------
    >>> figure = go.Figure(go.Bar(name="recall", x=["jazz"], y=[0.5]))
    >>> figure = figure.update_layout(title_text="Recall", xaxis_title="genre", yaxis_title="share")
    >>> alternative_text(figure)
    'Recall. Horizontal: genre. Vertical: share. Shows recall.'
    """
    content = figure.to_dict() if isinstance(figure, go.Figure) else figure
    layout = content.get("layout", {})
    title = layout.get("title", {})
    sentences = [_words(title.get("text")), _words(title.get("subtitle", {}).get("text"))]
    sentences += [f"{direction}: {names}" for direction, names in _axes(layout) if names]
    series = dict.fromkeys(_words(trace.get("name")) for trace in content.get("data", ()))
    sentences.append(_listed("Shows", [name for name in series if name]))
    # Headings of panels, or why there is nothing to see.
    notes = dict.fromkeys(_words(note.get("text")) for note in layout.get("annotations", ()))
    sentences.append(_listed("Written in it:", [note for note in notes if note]))
    return " ".join(f"{sentence.rstrip('.')}." for sentence in sentences if sentence) or "A figure."


def _axes(layout: Mapping[str, Any]) -> list[tuple[str, str]]:
    def titles(letter: str) -> str:
        axes = [value for key, value in layout.items() if re.fullmatch(letter + r"axis\d*", key)]
        found = dict.fromkeys(_words((axis.get("title") or {}).get("text")) for axis in axes)
        return ", ".join(name for name in found if name)

    return [("Horizontal", titles("x")), ("Vertical", titles("y"))]


def _listed(verb: str, names: list[str]) -> str:
    if not names:
        return ""
    more = len(names) - _SERIES_AT_MOST
    return f"{verb} {', '.join(names[:_SERIES_AT_MOST])}{f' and {more} more' if more > 0 else ''}"


def _words(text: Any) -> str:
    """Text without Plotly's markup, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", str(text or ""))).split())
