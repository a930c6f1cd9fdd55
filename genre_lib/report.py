"""A song's curve as one HTML file to keep, send or open without a network: the answer, the curve, a player, segments.

The chart is drawn here as SVG and needs no script to be read; four kilobytes of script add the playhead, seeking and
what is under the pointer. Plotly would add 4.5 MB to every song. The recording is embedded, re-encoded as mono mp3 at
64 kbit/s, which every browser plays (about 0.6 MB a minute); a long one is linked to instead, and is then found as long
as the report and the recording stay where they are.
"""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import Literal
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio import stream_audio
from genre_lib.curve import Belief, GenreCurve
from genre_lib.errors import ParameterError
from genre_lib.palette import genre_colours
from genre_lib.segments import Segment, clock, segments

EMBED_AT_MOST_S = 600.0
N_BINS = 720
# A genre that never gets this probable is drawn together with its like.
DRAWN_FROM = 0.2

_TEMPLATES = Path(__file__).with_name("templates")
_SAMPLE_RATE = 22050
# libsndfile's compression level for 64 kbit/s, the constant rates of MPEG-2 going from 160 down to 8.
_MP3_LEVEL = (160 - 64) / (160 - 8)
_TICKS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)

AudioChoice = Literal["auto", "embed", "link", "none"]


@dataclass(frozen=True)
class _Sound:
    """What the report keeps of a recording: its envelope, and how the browser gets at it."""

    envelope: NDArray[np.float64]
    source: str | None


@dataclass(frozen=True)
class _Layer:
    """One area of the chart: a genre's share over time, or that of all small ones together (None)."""

    genre: str | None
    share: NDArray[np.float64]


@dataclass(frozen=True)
class _Chart:
    """What is drawn, from the bottom up."""

    layers: tuple[_Layer, ...]
    states: NDArray[np.str_]
    colours: dict[str, str]


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
    sound = _sound(curve, path, out, audio)
    name = title or (path.stem.replace("_", " ") if path else "A recording")
    out.write_text(_page(curve, name, sound), encoding="utf-8")
    return out


def _page(curve: GenreCurve, title: str, sound: _Sound) -> str:
    colours = genre_colours(curve.genres)
    belief = curve.smoothed()
    bins, states = _binned(belief, curve.duration_s)
    chart = _chart(bins, states, curve.genres, colours)
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
        ribbon="".join(_ribbon(segment, curve.duration_s, colours) for segment in found),
        areas=_areas(chart),
        veils="".join(_veils(states)),
        labels="".join(_labels(chart, {segment.genre for segment in found if segment.state == "music"})),
        wave=_wave(sound.envelope),
        ticks="".join(_ticks(curve.duration_s)),
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


def _binned(belief: Belief, duration_s: float) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    """Belief and state on an even grid from 0 to the end, at most `N_BINS` wide.

    A bin holds the mean of its steps, or where there are fewer steps than bins the nearest one.
    """
    n_steps, n_genres = belief.probabilities.shape
    if not n_steps:
        return np.full((1, n_genres), 1 / n_genres), np.array(["silence"])
    n = min(N_BINS, max(2, 2 * n_steps))
    centres = (np.arange(n) + 0.5) * duration_s / n
    nearest = np.abs(belief.times[None, :] - centres[:, None]).argmin(axis=1)
    bins = belief.probabilities[nearest].copy()
    if n_steps > n:
        of_step = np.minimum((belief.times * n / duration_s).astype(int), n - 1)
        counts = np.bincount(of_step, minlength=n)
        for genre in range(n_genres):
            sums = np.bincount(of_step, weights=belief.probabilities[:, genre], minlength=n)
            bins[counts > 0, genre] = (sums / np.maximum(counts, 1))[counts > 0]
    return bins, belief.state[nearest]


def _chart(
    bins: NDArray[np.float64], states: NDArray[np.str_], genres: Sequence[str], colours: dict[str, str]
) -> _Chart:
    heard = bins[states != "silence"]
    if not len(heard):
        return _Chart((), states, colours)
    order = np.argsort(-heard.mean(axis=0), kind="stable")
    drawn = [i for rank, i in enumerate(order) if rank < 2 or heard[:, i].max() >= DRAWN_FROM]
    layers = [_Layer(genres[i], bins[:, i]) for i in drawn]
    if len(drawn) < len(genres):
        layers.append(_Layer(None, np.delete(bins, drawn, axis=1).sum(axis=1)))
    return _Chart(tuple(layers), states, colours)


def _areas(chart: _Chart) -> str:
    """Stacked areas in a box of 1000 x 100, the most present genre at the bottom."""
    n = len(chart.states)
    x = np.concatenate([[0], (np.arange(n) + 0.5) * 1000 / n, [1000]])
    below = np.full(len(x), 100.0)
    paths = []
    for layer in chart.layers:
        above = below - 100 * np.concatenate([layer.share[:1], layer.share, layer.share[-1:]])
        edge = [f"{a:.1f} {b:.1f}" for a, b in zip(x, above, strict=True)]
        base = [f"{a:.1f} {b:.1f}" for a, b in zip(x[::-1], below[::-1], strict=True)]
        look = f'fill="{chart.colours[layer.genre]}"' if layer.genre else 'class="others"'
        paths.append(f'<path {look} d="M{"L".join(edge + base)}Z"/>')
        below = above
    return "".join(paths)


def _labels(chart: _Chart, named: set[str | None]) -> list[str]:
    """The name of a genre where its area is thickest, unless the ribbon above says it already."""
    n = len(chart.states)
    width = max(1, n // 10)
    top = np.zeros(n)
    labels = []
    for layer in chart.layers:
        top = top + layer.share
        clear = np.where(chart.states == "music", layer.share, 0.0)
        # The thinnest place within a label's width decides whether it fits.
        room = np.array([clear[i : i + width].min() for i in range(n - width + 1)])
        best = int(room.argmax())
        if layer.genre is None or layer.genre in named or room[best] < 0.14:
            continue
        middle = best + width // 2
        x, y = 100 * (middle + 0.5) / n, 100 * (1 - top[middle] + layer.share[middle] / 2)
        on = _on(chart.colours[layer.genre])
        look = f"left:{x:.1f}%;top:{y:.1f}%;--on:{on}"
        labels.append(f'<span class="label" style="{look}">{escape(layer.genre)}</span>')
    return labels


def _veils(states: NDArray[np.str_]) -> list[str]:
    """Silent and unsure stretches, laid over the areas."""
    n = len(states)
    cuts = [0, *(np.flatnonzero(states[1:] != states[:-1]) + 1).tolist(), n]
    veils = []
    for first, stop in itertools.pairwise(cuts):
        state = str(states[first])
        if state == "music":
            continue
        left, width = 100 * first / n, 100 * (stop - first) / n
        veils.append(f'<span class="veil {state}" style="left:{left:.2f}%;width:{width:.2f}%"></span>')
        if state == "silence" and width > 7:
            veils.append(f'<span class="label quiet" style="left:{left + width / 2:.2f}%;top:50%">silence</span>')
    return veils


def _ribbon(segment: Segment, duration_s: float, colours: dict[str, str]) -> str:
    left, width = 100 * segment.start_s / duration_s, 100 * (segment.stop_s - segment.start_s) / duration_s
    name = segment.genre if segment.state == "music" and segment.genre else segment.state
    look = f"left:{left:.2f}%;width:{width:.2f}%"
    if segment.state == "music" and segment.genre:
        look += f";--c:{colours[segment.genre]};--on:{_on(colours[segment.genre])}"
    return f'<i class="{segment.state}" style="{look}">{escape(name)}</i>'


def _wave(envelope: NDArray[np.float64]) -> str:
    if not len(envelope):
        return ""
    height = 49 * envelope / max(float(envelope.max()), 1e-9)
    x = (np.arange(len(height)) + 0.5) * 1000 / len(height)
    upper = [f"{a:.1f} {50 - b:.1f}" for a, b in zip(x, height, strict=True)]
    lower = [f"{a:.1f} {50.4 + b:.1f}" for a, b in zip(x[::-1], height[::-1], strict=True)]
    return f"M{'L'.join(upper + lower)}Z"


def _ticks(duration_s: float) -> list[str]:
    step = next((step for step in _TICKS_S if duration_s / step <= 8), _TICKS_S[-1])
    marks = np.arange(0, duration_s * 0.985, step)
    return [f'<span style="left:{100 * mark / duration_s:.2f}%">{clock(mark)}</span>' for mark in marks]


def _legend(chart: _Chart) -> list[str]:
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


def _sound(curve: GenreCurve, path: Path | None, out: Path, audio: AudioChoice) -> _Sound:
    """The envelope and the source, read block by block so that length costs no memory."""
    if path is None:
        return _Sound(_level_envelope(curve), None)
    n_peaks = 4 * N_BINS
    size = max(1, int(curve.duration_s * _SAMPLE_RATE / n_peaks))
    peaks: list[NDArray[np.float32]] = []
    rest = np.zeros(0, np.float32)
    encoder = _Mp3() if audio == "embed" else None
    for block in stream_audio(path, _SAMPLE_RATE):
        if encoder:
            encoder.write(block)
        rest = np.concatenate([rest, block])
        whole = len(rest) // size * size
        peaks.append(np.abs(rest[:whole].reshape(-1, size)).max(axis=1))
        rest = rest[whole:]
    peak = np.concatenate(peaks) if peaks else np.zeros(1)
    # Mean of peaks: the eye sees loudness, where the single highest sample of a second would fill the strip.
    groups = max(1, len(peak) // N_BINS)
    envelope = peak[: len(peak) // groups * groups].reshape(-1, groups).mean(axis=1).astype(np.float64)
    if encoder:
        return _Sound(envelope, encoder.data_uri())
    if audio == "none":
        return _Sound(envelope, None)
    try:
        link = quote(Path(os.path.relpath(path.resolve(), out.parent.resolve())).as_posix())
    except ValueError:
        # Another drive of Windows has no relative path.
        link = path.resolve().as_uri()
    return _Sound(envelope, escape(link))


def _level_envelope(curve: GenreCurve) -> NDArray[np.float64]:
    level = np.nan_to_num(curve.level, nan=-120.0)
    return np.asarray(10 ** (level / 20), np.float64)


class _Mp3:
    """An encoder fed block by block."""

    def __init__(self) -> None:
        import soundfile

        self._bytes = io.BytesIO()
        self._file = soundfile.SoundFile(
            self._bytes,
            "w",
            _SAMPLE_RATE,
            1,
            format="MP3",
            subtype="MPEG_LAYER_III",
            compression_level=_MP3_LEVEL,
            bitrate_mode="CONSTANT",
        )

    def write(self, samples: NDArray[np.float32]) -> None:
        self._file.write(samples)

    def data_uri(self) -> str:
        self._file.close()
        return f"data:audio/mpeg;base64,{base64.b64encode(self._bytes.getvalue()).decode()}"


def _on(colour: str) -> str:
    """Black or white, whichever is readable on `colour`."""
    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    luminance = 0.2126 * r**2.2 + 0.7152 * g**2.2 + 0.0722 * b**2.2
    # Equal contrast with black and white lies at this luminance (WCAG 2).
    return "#12141a" if luminance > 0.179 else "#ffffff"


def _template(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")
