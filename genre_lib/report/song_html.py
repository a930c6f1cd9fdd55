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

from genre_lib.figures.palette import genre_colours
from genre_lib.inference.curve import GenreCurve
from genre_lib.inference.segments import Segment, clock, segments
from genre_lib.inference.words import n_worth_naming, name_of, percent, spoken
from genre_lib.report.chart import Chart, areas, binned, build_chart, labels, ribbon, ticks, veils, wave
from genre_lib.report.recording import Sound
from genre_lib.utils.templates import templates_beside

template = templates_beside(__file__)


_LABELS = {
    "music": "As a whole it sounds like",
    "probable": "As a whole it probably is",
    "mixed": "It changes",
    "unsure": "As a whole the model is",
    "silence": "There is",
}
_VERDICTS = {"unsure": "unsure", "silence": "silence"}


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
        self._chart = build_chart(self._bins, self._states, curve.genres, self._colours)
        self._segments = segments(curve, steadiness_s=steadiness_s, named_from=named_from)

    def answer(self) -> str:
        """The answer for the whole recording, with the four best genres."""
        answer = self._curve.answer(self._belief)
        ranked = [(genre, p) for genre, p in answer.ranked if p >= 0.01][:4]
        label = _LABELS[answer.state]
        verdict = f'<i class="swatch {answer.state}"></i>{escape(_VERDICTS.get(answer.state, ""))}'
        if answer.state in ("music", "probable"):
            genre, p = answer.ranked[0]
            sure = " sure" if self._curve.card.belief is None else ""
            verdict = f"{self._swatch(genre)}{escape(spoken(genre))} <small>{percent(p)}{sure}</small>"
        elif answer.state == "mixed":
            parts = answer.ranked[: min(4, n_worth_naming(answer.probabilities))]
            verdict = ", ".join(
                f"{self._swatch(genre)}{escape(spoken(genre))} <small>{percent(p)}</small>" for genre, p in parts
            )
        ranking = "".join(
            f"<li><span>{escape(spoken(genre))}</span>"
            f'<span class="bar"><i style="width:{100 * p:.1f}%;--c:{self._colours[genre]}"></i></span>'
            f"<span>{100 * p:.0f} %</span></li>"
            for genre, p in (ranked if answer.state != "silence" else [])
        )
        by = f"<b>{escape(self._name)}</b>" if self._name else label
        return (
            f'<section class="answer" aria-label="The answer"><p class="eyebrow">{by}</p>'
            f'<p class="verdict">{verdict}</p><ol class="ranking">{ranking}</ol></section>'
        )

    def _swatch(self, genre: str) -> str:
        return f'<i class="swatch" style="--c:{self._colours[genre]}"></i>'

    def drawn(self) -> str:
        """Ribbon and stacked areas."""
        named = {segment.genre for segment in self._segments if segment.state in ("music", "probable")}
        strip = "".join(ribbon(segment, self._curve.duration_s, self._colours) for segment in self._segments)
        name = f'<p class="lane-name">{escape(self._name)}</p>' if self._name else ""
        return (
            f'{name}<div class="ribbon" aria-hidden="true">{strip}</div><div class="belief">'
            '<svg viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">'
            f"{areas(self._chart)}</svg>{''.join(veils(self._states))}{''.join(labels(self._chart, named))}</div>"
        )

    def legend(self) -> str:
        """Every area's name; the script adds what the model believes right now."""
        items = "".join(_legend(self._chart))
        name = f'<p class="lane-name">{escape(self._name)}</p>' if self._name else ""
        return f'<div>{name}<ul class="legend" aria-label="Genres">{items}</ul></div>'

    def table(self) -> str:
        """The segments."""
        rows = "".join(_row(segment, self._colours) for segment in self._segments)
        heading = f"Segments, {escape(self._name)}" if self._name else "Segments"
        columns = "".join(f'<th scope="col">{name}</th>' for name in ("From", "To", "Sounds like", "Probability"))
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
    items = [
        f'<li data-genre="{escape(layer.genre)}"><i class="swatch" style="--c:{chart.colours[layer.genre]}"></i>'
        f"<span>{escape(spoken(layer.genre))}</span></li>"
        if layer.genre
        else '<li data-others><i class="swatch others"></i><span>others</span></li>'
        for layer in chart.layers
    ]
    items += [
        f'<li><i class="swatch {state}"></i><span>{state}</span></li>'
        for state in ("unsure", "silence")
        if (chart.states == state).any()
    ]
    return items


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
        meter = f'<span class="meter">{segment.probability:.2f}<span class="bar">{bar}</span></span>'
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
        f"At every moment the height of a colour is how probable the model finds that genre, {how}. Hatched: too "
        "unsure to name one. "
        "Click or drag to move; arrow keys move by 5 s" + (", space plays." if playable else ".")
    )


def _about_model(curve: GenreCurve) -> str:
    parts = []
    accuracy = next((metric for metric in curve.card.metrics if metric["name"] == "accuracy"), None)
    if accuracy:
        low, high = accuracy.get("interval", (None, None))
        interval = f" (95 % interval {100 * low:.0f} to {100 * high:.0f} %)" if low is not None else ""
        parts.append(
            f"The model knows {len(curve.genres)} genres and names {100 * accuracy['value']:.0f} %{interval} of "
            f"{accuracy['n']} clips of {accuracy['data_set']} ({accuracy['split']}) rightly."
        )
    return " ".join([*parts, *curve.card.limits[:2]])
