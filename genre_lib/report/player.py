"""A song to listen to while the model's belief moves: one widget, the same in JupyterLab and in the dashboard.

The chart is drawn and the playhead moved in the browser, by the script of the report, so that playing and seeking
need no answer from Python. The recording itself goes to the browser in pieces when the widget asks for it: no web
server has to find the file, and no message is larger than a piece.
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from genre_lib.audio.files import shown
from genre_lib.batch.curve_files import curve_csv, curve_json
from genre_lib.batch.predict import Prediction
from genre_lib.errors import GenreLibError
from genre_lib.inference.curve import GenreCurve
from genre_lib.inference.model import GenreModel, load_model
from genre_lib.report.page import write_report
from genre_lib.report.recording import encode_mp3, read_sound
from genre_lib.report.song_html import song_page, template

PIECE_BYTES = 2_000_000
# Larger recordings are sent as mp3 at 64 kbit/s, whatever they are.
ORIGINAL_AT_MOST = 40_000_000

_TYPES = {
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
}

_DOWNLOADS = (
    '<div class="downloads" role="group" aria-label="Download"><span>Download</span>'
    '<button type="button" data-want="csv">CSV</button><button type="button" data-want="json">JSON</button>'
    '<button type="button" data-want="html">Report</button></div>'
)


def listen(path: str | Path, model: GenreModel | str | Path | None = None) -> Player:
    """Show a song with its curve in a notebook.

    Parameters
    ----------
    path : str or Path
    model : GenreModel, str or Path, optional
        A loaded model or a bundle's folder; by default the pretrained bundle.

    Returns
    -------
    Player
        The last expression of a cell is displayed.

    Raises
    ------
    AudioError, BundleError
        The recording or the model cannot be used.
    """
    loaded = model if isinstance(model, GenreModel) else load_model(model)
    player = Player()
    player.show(path, [loaded.curve(path)])
    return player


class Player(anywidget.AnyWidget):
    """The widget.

    Attributes
    ----------
    page : str
        The song as HTML.
    data : dict
        See `SongPage`; `song` in it counts the songs shown, so that a late piece of the last one is ignored.
    """

    _esm = "\n".join(
        [
            f"const CSS = {json.dumps(template('report.css').replace(':root', ':host') + template('player.css'))};",
            template("song.js"),
            template("player.js"),
        ]
    )
    page = traitlets.Unicode().tag(sync=True)
    data = traitlets.Dict().tag(sync=True)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._path: Path | None = None
        self._title = ""
        self._curves: Sequence[GenreCurve] = ()
        self._names: Sequence[str] = ()
        self._encoded: bytes | None = None
        self.on_msg(self._on_message)

    def show(
        self,
        path: str | Path,
        curves: Sequence[GenreCurve],
        *,
        title: str | None = None,
        names: Sequence[str] | None = None,
        steadiness_s: float | None = None,
        named_from: float | None = None,
    ) -> None:
        """Show a song.

        Parameters
        ----------
        path : str or Path
            The recording.
        curves : sequence of GenreCurve
            What one or several models heard.
        title : str, optional
            By default the file's name.
        names : sequence of str, optional
            What to call the models; by default their cards' names and versions.
        steadiness_s, named_from : float, optional
            As in `GenreCurve.believed`.

        Raises
        ------
        AudioError
            The recording cannot be decoded.
        """
        path = Path(path)
        names = names or [f"{curve.card.name} {curve.card.version}" for curve in curves]
        title = shown(title or path.stem.replace("_", " "))
        sound = read_sound(curves[0], path, path, "none")
        page = song_page(
            curves, title, sound, names=names, actions=_DOWNLOADS, steadiness_s=steadiness_s, named_from=named_from
        )
        self._path, self._title, self._curves, self._names, self._encoded = path, title, curves, names, None
        with self.hold_sync():
            self.page = page.html
            self.data = page.data | {"song": self.data.get("song", 0) + 1}

    def clear(self) -> None:
        """Show nothing."""
        self._path = None
        self.page = ""

    def download(self, kind: str) -> tuple[str, bytes]:
        """File name and content of what is shown, as `csv`, `json` or `html`."""
        assert self._path is not None
        if kind == "csv":
            content = curve_csv(self._curves, self._names).encode()
        elif kind == "json":
            # Where the recording lies is nobody's business: an upload's folder, or the server's.
            predictions = [Prediction(Path(self._path.name), curve) for curve in self._curves]
            content = curve_json(predictions, self._names).encode()
        else:
            with tempfile.TemporaryDirectory() as folder:
                out = write_report(
                    self._curves[0], self._path, Path(folder) / "report.html", title=self._title, audio="embed"
                )
                content = out.read_bytes()
        return f"{self._title}.{kind}", content

    def _on_message(self, _: Any, content: dict[str, Any], __: Any) -> None:
        if self._path is None:
            return
        # Encoding or writing a report takes seconds for a long song; other messages must not wait for it.
        answer = self._send_sound if content.get("want") == "sound" else self._send_download
        threading.Thread(target=answer, args=(content,), daemon=True).start()

    def _send_sound(self, content: dict[str, Any]) -> None:
        """Send one piece of the recording, from byte `offset` on; as mp3 where the browser cannot play the original."""
        path, song = self._path, self.data["song"]
        assert path is not None
        kind = _TYPES.get(path.suffix.lower())
        size = path.stat().st_size if path.exists() else 0
        try:
            if content.get("encoded") or kind is None or size > ORIGINAL_AT_MOST:
                if self._encoded is None:
                    self._encoded = encode_mp3(path, self._curves[0])
                kind, size = "audio/mpeg", len(self._encoded)
                piece = self._encoded[content["offset"] : content["offset"] + PIECE_BYTES]
            else:
                with path.open("rb") as file:
                    file.seek(content["offset"])
                    piece = file.read(PIECE_BYTES)
        except (OSError, GenreLibError) as error:
            self.send({"trouble": f"The recording cannot be played any more ({error})."})
            return
        self.send({"sound": song, "offset": content["offset"], "size": size, "type": kind}, [piece])

    def _send_download(self, content: dict[str, Any]) -> None:
        try:
            name, made = self.download(str(content.get("want")))
        except (OSError, GenreLibError) as error:
            self.send({"trouble": f"The file could not be made ({error})."})
            return
        self.send({"save": name}, [made])
