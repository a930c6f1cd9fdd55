"""A song's curve as one HTML file to keep, send or open without a network: the answer, the curve, a player, segments.

The chart is SVG and needs no script to be read; six kilobytes of script add the playhead, seeking and
what is under the pointer. Plotly would add 4.5 MB to every song. The recording is embedded, re-encoded as mono mp3 at
64 kbit/s, which every browser plays (about 0.6 MB a minute); a long one is linked to instead, and is then found as long
as the report and the recording stay where they are.
"""

from __future__ import annotations

import base64
import hashlib
import os
from contextlib import suppress
from html import escape
from pathlib import Path
from string import Template

from genre_lib.audio.files import shown
from genre_lib.errors import ParameterError
from genre_lib.inference.curve import GenreCurve
from genre_lib.report.recording import AudioChoice, Sound, read_sound
from genre_lib.report.song_html import song_page, template
from genre_lib.utils.atomic import write_text
from genre_lib.utils.json_files import to_json

EMBED_AT_MOST_S = 600.0
_STEM_BYTES = 200
# The mark stands before the styles.
_HEAD_BYTES = 2000


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
    path = None if audio_path is None else Path(audio_path)
    if audio == "auto":
        audio = "embed" if curve.duration_s <= EMBED_AT_MOST_S else "link"
    sound = read_sound(curve, path, out, audio)
    name = title or (path.stem.replace("_", " ") if path else "A recording")
    write_text(out, _page(curve, shown(name), sound, _mark(path) if path else ""))
    return out


def report_path(folder: Path, recording: Path) -> Path:
    """Where in a folder the report of a recording lies: under the recording's name, and under the same name every time.

    Two recordings of one name have two reports: the second one's name ends with a mark of its path.
    """
    # Names of files end at 255 bytes on most systems; the longest beginning that is text as before stays.
    stem = os.fsdecode(os.fsencode(recording.stem)[:_STEM_BYTES])
    plain = folder / f"{stem}.html"
    mark = _mark(recording)
    if stem == recording.stem and (not plain.exists() or _is_of(plain, mark)):
        return plain
    return folder / f"{stem}-{mark}.html"


def _mark(recording: Path) -> str:
    """Tells recordings apart by their paths, and does not tell the paths."""
    return hashlib.sha256(os.fsencode(os.path.abspath(recording))).hexdigest()[:8]


def _is_of(report: Path, mark: str) -> bool:
    with suppress(OSError), report.open("rb") as file:
        return f'name="recording" content="{mark}"'.encode() in file.read(_HEAD_BYTES)
    return False


def _page(curve: GenreCurve, title: str, sound: Sound, mark: str) -> str:
    page = song_page([curve], title, sound)
    script = template("song.js") + template("report.js")
    return Template(template("report.html")).substitute(
        title=escape(title),
        mark=mark,
        css=template("report.css"),
        script=script,
        script_hash=f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}",
        song=page.html,
        # A genre called "</script>" must not end the element.
        data=to_json(page.data, compact=True).replace("<", "\\u003c"),
    )
