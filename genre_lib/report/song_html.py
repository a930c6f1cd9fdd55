"""What is shown of a song, in the report and in the player alike: the answer, the curve, the segments, as HTML.

Several models may have heard the song: each has a lane of the chart, a legend and a table of its own.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from string import Template
from typing import Any

import numpy as np

from genre_lib.bundle.claims import accuracy_claim, claim_words, world_claim
from genre_lib.figures.palette import genre_colours
from genre_lib.inference.curve import GenreCurve
from genre_lib.inference.segments import Segment, clock, segments
from genre_lib.inference.words import n_worth_naming, name_of, percent, spoken
from genre_lib.report.chart import Chart, areas, binned, labels, ribbon, silences, ticks, wave
from genre_lib.report.recording import Sound
from genre_lib.utils.templates import templates_beside

template = templates_beside(__file__)


@dataclass(frozen=True)
class SongPage:
    """A song as HTML, and what `templates/song.js` needs to bring it to life.

    Attributes
    ----------
    html : str
    data : dict
        Plain JSON values: duration in seconds, and for each lane genres, colours, states and belief.
    """

    html: str
    data: dict[str, Any]


def song_page(
    curves: Sequence[GenreCurve],
    title: str,
    sound: Sound,
    *,
    names: Sequence[str] | None = None,
    actions: str = "",
    steadiness_s: float | None = None,
    named_from: float | None = None,
) -> SongPage:
    """Lay out a song.

    Parameters
    ----------
    curves : sequence of GenreCurve
        One or more, of the same recording.
    title : str
    sound : Sound
    names : sequence of str, optional
        What to call the models where there are several.
    actions : str
        HTML for the end of the heading, such as buttons; with it the recording is taken to be playable.
    steadiness_s, named_from : float, optional
        As in `GenreCurve.believed`.
    """
    first = curves[0]
    several = len(curves) > 1
    names = names or [f"{curve.card.name} {curve.card.version}" for curve in curves]
    lanes = [
        _Lane(curve, name if several else "", steadiness_s, named_from)
        for curve, name in zip(curves, names, strict=True)
    ]
    warnings = dict.fromkeys(curve.warning for curve in curves if curve.warning)
    meta = [clock(first.duration_s), "heard by " + " and ".join(names)]
    html = Template(template("song.html")).substitute(
        title=escape(title),
        meta=escape(" · ".join(meta)),
        actions=actions,
        answers="".join(lane.answer() for lane in lanes),
        warning="".join(f'<p class="warning" role="note">{escape(warning)}</p>' for warning in warnings),
        duration=clock(first.duration_s),
        seconds=f"{first.duration_s:.1f}",
        audio="" if sound.source is None else f'<audio controls preload="metadata" src="{sound.source}"></audio>',
        lanes="".join(lane.drawn() for lane in lanes),
        wave=wave(sound.envelope),
        ticks="".join(ticks(first.duration_s)),
        legends="".join(lane.legend() for lane in lanes),
        segments="".join(lane.table() for lane in lanes),
        how_to_read=escape(_how_to_read(first, playable=bool(actions) or sound.source is not None)),
        about_model="".join(f"<p>{escape(about)}</p>" for about in dict.fromkeys(map(_about_model, curves))),
    )
    return SongPage(html, {"duration": first.duration_s, "lanes": [lane.data() for lane in lanes]})


class _Lane:
    """One model's part of the page; `name` is empty where there is only one."""

    def __init__(
        self, curve: GenreCurve, name: str, steadiness_s: float | None = None, named_from: float | None = None
    ) -> None:
        self._curve = curve
        self._name = name
        self._colours = genre_colours(curve.genres)
        self._belief = curve.believed(steadiness_s=steadiness_s, named_from=named_from)
        self._bins, self._states = binned(self._belief, curve.duration_s)
        self._chart = Chart(curve.genres, self._bins, self._states, self._colours)
        self._segments = segments(curve, steadiness_s=steadiness_s, named_from=named_from)

    def answer(self) -> str:
        """The answer for the whole recording, in the page's words."""
        answer = self._curve.answer(self._belief)
        ranked = [f"{escape(spoken(genre))} {percent(p)}" for genre, p in answer.ranked]
        name, detail = name_of(answer.state, answer.genre), f"{percent(answer.ranked[0][1])}, then {ranked[1]}"
        if answer.state == "silence":
            detail = "There is nothing to hear."
        elif answer.state == "unsure":
            detail = f"Too close to call: {ranked[0]}, {ranked[1]}"
        elif answer.state == "mixed":
            detail = ", ".join(ranked[: n_worth_naming(answer.probabilities)])
        by = escape(self._name) if self._name else "The whole of it"
        return (
            f'<section class="answer" aria-label="The answer"><p class="eyebrow">{by}</p>'
            f'<p class="verdict {answer.state}">{escape(name)} <small>{detail}</small></p></section>'
        )

    def drawn(self) -> str:
        """Ribbon and stacked areas."""
        strip = "".join(ribbon(segment, self._curve.duration_s, self._colours) for segment in self._segments)
        name = f'<p class="lane-name">{escape(self._name)}</p>' if self._name else ""
        return (
            f'{name}<div class="ribbon" aria-hidden="true">{strip}</div><div class="belief">'
            '<svg viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">'
            f"{areas(self._chart)}</svg>{''.join(silences(self._states))}{''.join(labels(self._chart))}</div>"
        )

    def legend(self) -> str:
        """Every genre's name; the script adds what the model believes right now."""
        items = "".join(_legend(self._chart))
        name = f'<p class="lane-name">{escape(self._name)}</p>' if self._name else ""
        return f'<div>{name}<ul class="legend" aria-label="Genres">{items}</ul></div>'

    def table(self) -> str:
        """The segments."""
        rows = "".join(_row(segment, self._colours) for segment in self._segments)
        heading = f"Segments, {escape(self._name)}" if self._name else "Segments"
        columns = "".join(f'<th scope="col">{name}</th>' for name in ("From", "To", "Heard as", "Belief"))
        return (
            f'<section class="panel segments" aria-label="{heading}"><h2>{heading}</h2>'
            f"<table><thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table></section>"
        )

    def data(self) -> dict[str, Any]:
        """The belief in steps of 1/255 and the states by their initials."""
        return {
            "name": self._name,
            "genres": list(self._curve.genres),
            "names": {genre: spoken(genre) for genre in self._curve.genres},
            "colours": self._colours,
            "states": "".join(str(state)[0] for state in self._states),
            "belief": base64.b64encode(np.round(255 * self._bins).astype(np.uint8).tobytes()).decode(),
        }


def _legend(chart: Chart) -> list[str]:
    return [
        f'<li data-genre="{escape(genre)}"><i class="swatch" style="--c:{chart.colours[genre]}"></i>'
        f"<span>{escape(spoken(genre))}</span></li>"
        for genre in chart.genres
    ]


def _row(segment: Segment, colours: dict[str, str]) -> str:
    if segment.state in ("music", "probable") and segment.genre:
        said = escape(name_of(segment.state, segment.genre))
        name = f'<i class="swatch" style="--c:{colours[segment.genre]}"></i>{said}'
    elif segment.state == "unsure" and segment.genre:
        name = (
            f'<i class="swatch unsure"></i><span>unsure <small>perhaps {escape(spoken(segment.genre))}</small></span>'
        )
    else:
        name = '<i class="swatch silence"></i>silence'
    meter = ""
    if segment.genre and segment.probability is not None:
        bar = f'<i style="width:{100 * segment.probability:.0f}%;--c:{colours[segment.genre]}"></i>'
        meter = f'<span class="meter">{percent(segment.probability)}<span class="bar">{bar}</span></span>'
    return (
        f'<tr data-start="{segment.start_s:.2f}" data-stop="{segment.stop_s:.2f}">'
        f'<td><button type="button" aria-label="Go to {clock(segment.start_s)}">{clock(segment.start_s)}</button></td>'
        f'<td>{clock(segment.stop_s)}</td><td><span class="name">{name}</span></td><td>{meter}</td></tr>'
    )


def _how_to_read(curve: GenreCurve, *, playable: bool) -> str:
    card = curve.card
    how = (
        f"having heard {card.receptive_field_s:.1f} s, averaged over {card.smoothing_s:g} s"
        if card.belief is None
        else "given what comes before and after"
    )
    return (
        f"At every moment the height of a colour is how probable the model finds that genre, {how}. Bright where it is "
        "named, pale where it is only probable or too close to call. "
        "Click or drag to move; arrow keys move by 5 s" + (", space plays." if playable else ".")
    )


def _about_model(curve: GenreCurve) -> str:
    parts = []
    if own := accuracy_claim(curve.card):
        parts.append(f"The model knows {len(curve.genres)} genres and names {claim_words(own)} rightly.")
    if world := world_claim(curve.card):
        parts.append(f"On music from elsewhere: {claim_words(world)}.")
    return " ".join([*parts, *curve.card.limits[:2]])
