"""A song's curve as one HTML file to keep, send or open without a network: the answer, the curve, a player, segments.

The chart is SVG and needs no script to be read; six kilobytes of script add the playhead, seeking and
what is under the pointer. Plotly would add 4.5 MB to every song. The recording is embedded, re-encoded as mono mp3 at
64 kbit/s, which every browser plays (about 0.6 MB a minute); a long one is linked to instead, and is then found as long
as the report and the recording stay where they are.
"""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from pathlib import Path
from string import Template

import numpy as np
from numpy.typing import NDArray

from genre_lib.curve import GenreCurve
from genre_lib.errors import ParameterError
from genre_lib.palette import genre_colours
from genre_lib.report_chart import Chart, areas, binned, build_chart, labels, ribbon, ticks, veils, wave
from genre_lib.report_sound import AudioChoice, Sound, read_sound
from genre_lib.segments import Segment, clock, segments

EMBED_AT_MOST_S = 600.0

_TEMPLATES = Path(__file__).with_name("templates")


def write_report(
    curve: GenreCurve,
    audio_path: str | Path | None,
    out_path: str | Path,
    *,
    title: str | None = None,
    audio: AudioChoice = "auto",
) -> Path:
    """Write the report of one recording.

    Parameters
    ----------
    curve : GenreCurve
        With the card of the model that heard it.
    audio_path : path, optional
        The recording; without it the report has no player.
    out_path : path
        The HTML file; its folder is made if it is not there.
    title : str, optional
        By default the recording's file name.
    audio : `auto`, `embed`, `link` or `none`
        `auto` embeds up to 10 minutes and links to longer recordings.

    Returns
    -------
    Path
        `out_path`.

    Raises
    ------
    AudioError
        If the recording cannot be decoded.
    ParameterError
        If `audio` is none of its choices.
    """
    if audio not in ("auto", "embed", "link", "none"):
        raise ParameterError(f"The audio of a report cannot be {audio!r}: use auto, embed, link or none.")
    out = Path(out_path)
    out.parent.mkdir(parents=True, exist_ok=True)
    path = None if audio_path is None else Path(audio_path)
    if audio == "auto":
        audio = "embed" if curve.duration_s <= EMBED_AT_MOST_S else "link"
    sound = read_sound(curve, path, out, audio)
    name = title or (path.stem.replace("_", " ") if path else "A recording")
    out.write_text(_page(curve, name, sound), encoding="utf-8")
    return out


def _page(curve: GenreCurve, title: str, sound: Sound) -> str:
    colours = genre_colours(curve.genres)
    belief = curve.smoothed()
    bins, states = binned(belief, curve.duration_s)
    chart = build_chart(bins, states, curve.genres, colours)
    found = segments(curve)
    script = _template("report.js")
    card = curve.card
    meta = [clock(curve.duration_s), f"heard by {card.name} {card.version}"]
    return Template(_template("report.html")).substitute(
        title=escape(title),
        css=_template("report.css"),
        script=script,
        script_hash=f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}",
        meta=escape(" · ".join(meta)),
        **_answer(curve, colours),
        warning=f'<p class="warning" role="note">{escape(curve.warning)}</p>' if curve.warning else "",
        duration=clock(curve.duration_s),
        seconds=f"{curve.duration_s:.1f}",
        audio="" if sound.source is None else f'<audio controls preload="metadata" src="{sound.source}"></audio>',
        ribbon="".join(ribbon(segment, curve.duration_s, colours) for segment in found),
        areas=areas(chart),
        veils="".join(veils(states)),
        labels="".join(labels(chart, {segment.genre for segment in found if segment.state == "music"})),
        wave=wave(sound.envelope),
        ticks="".join(ticks(curve.duration_s)),
        legend="".join(_legend(chart)),
        rows="".join(_row(segment, colours) for segment in found),
        how_to_read=escape(_how_to_read(curve, playable=sound.source is not None)),
        about_model=escape(_about_model(curve)),
        data=_data(curve, bins, states, colours),
    )


def _answer(curve: GenreCurve, colours: dict[str, str]) -> dict[str, str]:
    answer = curve.answer()
    ranked = [(genre, p) for genre, p in answer.ranked if p >= 0.01][:4]
    if answer.state == "silence":
        return {"answer_label": "There is", "verdict": '<i class="swatch silence"></i>silence', "ranking": ""}
    genre, p = answer.ranked[0]
    if answer.state == "unsure":
        label, verdict = "As a whole the model is", '<i class="swatch unsure"></i>unsure'
    else:
        label = "As a whole it sounds like"
        verdict = (
            f'<i class="swatch" style="--c:{colours[genre]}"></i>{escape(genre)} <small>{100 * p:.0f} % sure</small>'
        )
    ranking = "".join(
        f"<li><span>{escape(genre)}</span>"
        f'<span class="bar"><i style="width:{100 * p:.1f}%;--c:{colours[genre]}"></i></span>'
        f"<span>{100 * p:.0f} %</span></li>"
        for genre, p in ranked
    )
    return {"answer_label": label, "verdict": verdict, "ranking": ranking}


def _legend(chart: Chart) -> list[str]:
    items = [
        f'<li><i class="swatch" style="--c:{chart.colours[layer.genre]}"></i>{escape(layer.genre)}</li>'
        if layer.genre
        else '<li><i class="swatch others"></i>others</li>'
        for layer in chart.layers
    ]
    items += [f'<li><i class="swatch {s}"></i>{s}</li>' for s in ("unsure", "silence") if (chart.states == s).any()]
    return items


def _row(segment: Segment, colours: dict[str, str]) -> str:
    if segment.state == "music" and segment.genre:
        name = f'<i class="swatch" style="--c:{colours[segment.genre]}"></i>{escape(segment.genre)}'
    elif segment.state == "unsure" and segment.genre:
        name = f'<i class="swatch unsure"></i><span>unsure <small>perhaps {escape(segment.genre)}</small></span>'
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
    return (
        f"At every moment the height of a colour is how probable the model finds that genre, having heard "
        f"{card.receptive_field_s:.1f} s, averaged over {card.smoothing_s:g} s. Hatched: too unsure to name one. "
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


def _data(curve: GenreCurve, bins: NDArray[np.float64], states: NDArray[np.str_], colours: dict[str, str]) -> str:
    values = {
        "duration": curve.duration_s,
        "genres": list(curve.genres),
        "colours": colours,
        "states": "".join(str(state)[0] for state in states),
        "belief": base64.b64encode(np.round(255 * bins).astype(np.uint8).tobytes()).decode(),
    }
    # A genre called "</script>" must not end the element.
    return json.dumps(values, separators=(",", ":")).replace("<", "\\u003c")


def _template(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")
