"""The demo set: synthetic songs of ten styles, and a medley that changes style at known times.

It exists so that everything can be tried without data. The styles are caricatures named after the genres they
caricature; an accuracy on them says nothing about music.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from genre_lib.audio.synthesis.acoustic_styles import blues, classical, country, jazz, reggae
from genre_lib.audio.synthesis.electric_styles import disco, hiphop, metal, pop, rock
from genre_lib.audio.synthesis.sound import SAMPLE_RATE, Sound, n_samples
from genre_lib.bundle import resources
from genre_lib.datasets.manifest import open_manifest, write_manifest
from genre_lib.datasets.splits import split_data_set
from genre_lib.datasets.table import DataSet, Track
from genre_lib.errors import CacheError, DataSetError, ParameterError
from genre_lib.executors import Executor, Progress, SerialExecutor
from genre_lib.utils.atomic import replaced_file, write_text

STYLES: dict[str, Callable[[np.random.Generator, np.random.Generator, float], Sound]] = {
    "blues": blues,
    "classical": classical,
    "country": country,
    "disco": disco,
    "hiphop": hiphop,
    "jazz": jazz,
    "metal": metal,
    "pop": pop,
    "reggae": reggae,
    "rock": rock,
}

DEMO_NOTE = (
    "These songs are synthetic caricatures of ten styles: they show that everything works, an accuracy on them says "
    "nothing about music."
)

# Raised whenever the same seed gives other songs.
_VERSION = 1
_FADE_S = 0.04


@dataclass(frozen=True)
class Medley:
    """One recording that changes style.

    Attributes
    ----------
    path : Path
    changes : tuple of (float, str)
        Start [s] and genre of each part.
    """

    path: Path
    changes: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Demo:
    """The demo set and its medley, and the folder that holds them."""

    folder: Path
    data_set: DataSet
    medley: Medley


def make_demo(
    folder: str | Path | None = None,
    *,
    seed: int = 0,
    bands_per_genre: int = 5,
    clips_per_band: int = 2,
    clip_s: float = 10.0,
    medley_s: float = 120.0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Demo:
    """Synthesise the demo set into a folder; what is there already is not made again.

    Writes ``GENRE/GENRE.BAND.CLIP.flac``, ``medley.flac`` with ``medley.json``, and ``manifest.csv`` with a split that
    keeps bands apart.

    Parameters
    ----------
    folder : str or Path, optional
        By default ``data/derived/demo``, with the seed in its name where that is not 0.
    seed : int >= 0
    bands_per_genre : int >= 3
        A band shares instruments and studio; it is the group of its clips.
    clips_per_band : int > 0
    clip_s, medley_s : float > 0 [s]
    executor, progress
        See `genre_lib.executors`.

    Returns
    -------
    Demo

    Raises
    ------
    DataSetError
        The folder holds songs made with other settings.
    CacheError
        The folder cannot be written.
    """
    if bands_per_genre < 3 or clips_per_band < 1 or clip_s <= 0 or medley_s <= 0:
        raise ParameterError("A demo set needs 3 bands a genre (one a split), 1 clip a band and lengths above 0.")
    folder = Path(folder or resources.derived_folder() / (f"demo-{seed}" if seed else "demo"))
    settings = {
        "version": _VERSION,
        "seed": seed,
        "bands_per_genre": bands_per_genre,
        "clips_per_band": clips_per_band,
        "clip_s": clip_s,
        "medley_s": medley_s,
    }
    _claim(folder, settings)
    tracks = [
        Track(f"{genre}.{band}.{clip}", folder / genre / f"{genre}.{band}.{clip}.flac", genre, f"{genre} band {band}")
        for genre in STYLES
        for band in range(bands_per_genre)
        for clip in range(clips_per_band)
    ]
    missing = [track for track in tracks if track.path is not None and not track.path.is_file()]
    make = partial(_make_clip, seed=seed, clip_s=clip_s)
    for outcome in (executor or SerialExecutor()).map(make, missing, progress=progress):
        if outcome.failure is not None:
            raise CacheError(outcome.failure.message)
    medley = _make_medley(folder, seed, medley_s)
    manifest = folder / "manifest.csv"
    if not manifest.is_file():
        table = DataSet("demo", tuple(tracks), tuple(STYLES))
        with replaced_file(manifest) as draft:
            write_manifest(draft, split_data_set(table, "grouped", seed=seed).tracks)
    read = open_manifest(manifest)
    return Demo(folder, DataSet("demo", read.tracks, read.genres, (DEMO_NOTE,)), medley)


def synthesise(genre: str, *, band: int = 0, clip: int = 0, seed: int = 0, seconds: float = 10.0) -> Sound:
    """One clip of a style.

    Parameters
    ----------
    genre : str
        A key of `STYLES`.
    band, clip, seed : int >= 0
        The same band keeps its instruments; clips differ in key, tempo and notes.
    seconds : float > 0

    Returns
    -------
    np.ndarray [shape=(seconds * SAMPLE_RATE,), dtype=float32]
    """
    if genre not in STYLES:
        raise ParameterError(f"There is no style {genre!r}: choose one of {', '.join(STYLES)}.")
    style = zlib.crc32(genre.encode())
    band_rng = np.random.default_rng([_VERSION, seed, style, band])
    clip_rng = np.random.default_rng([_VERSION, seed, style, band, clip + 1])
    return STYLES[genre](band_rng, clip_rng, seconds)


def synthesise_medley(*, seed: int = 0, seconds: float = 120.0) -> tuple[Sound, tuple[tuple[float, str], ...]]:
    """A medley of eight styles (fewer where `seconds` is short), each 10 s or more, with the start of each part [s]."""
    rng = np.random.default_rng([_VERSION, seed, 0])
    n_parts = int(np.clip(seconds // 10, 1, 8))
    genres = rng.permutation(list(STYLES))[:n_parts]
    lengths = rng.dirichlet(np.full(n_parts, 30.0)) * (seconds - 10 * n_parts) + 10 if n_parts > 1 else [seconds]
    starts = np.round(np.concatenate([[0], np.cumsum(lengths)[:-1]]), 2)
    out = np.zeros(n_samples(seconds), np.float32)
    fade = n_samples(_FADE_S)
    for i, genre in enumerate(genres):
        first = n_samples(starts[i]) if i else 0
        last = n_samples(starts[i + 1]) + fade if i + 1 < n_parts else len(out)
        part = synthesise(str(genre), band=0, clip=1000 + i, seed=seed, seconds=(last - first) / SAMPLE_RATE)
        part = part[: last - first].copy()
        part *= np.float32(0.12) / max(1e-6, float(np.sqrt(np.mean(part**2))))
        ramp = np.linspace(0, 1, fade, dtype=np.float32)
        if i:
            part[:fade] *= ramp
        if i + 1 < n_parts:
            part[-fade:] *= ramp[::-1]
        out[first : first + len(part)] += part
    return np.clip(out, -0.99, 0.99), tuple((float(s), str(g)) for s, g in zip(starts, genres, strict=True))


def _make_clip(track: Track, *, seed: int, clip_s: float) -> None:
    assert track.path is not None
    assert track.genre is not None
    band, clip = (int(part) for part in track.name.split(".")[-2:])
    _write_flac(track.path, synthesise(track.genre, band=band, clip=clip, seed=seed, seconds=clip_s))


def _make_medley(folder: Path, seed: int, seconds: float) -> Medley:
    sound, notes = folder / "medley.flac", folder / "medley.json"
    if not (sound.is_file() and notes.is_file()):
        samples, changes = synthesise_medley(seed=seed, seconds=seconds)
        _write_flac(sound, samples)
        write_text(notes, json.dumps([{"start_s": s, "genre": g} for s, g in changes], indent=1))
    parts = json.loads(notes.read_text(encoding="utf-8"))
    return Medley(sound, tuple((float(part["start_s"]), str(part["genre"])) for part in parts))


def _claim(folder: Path, settings: dict[str, float]) -> None:
    """Note the settings in a new folder, or insist that a folder in use has the same."""
    path = folder / "demo.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.is_file():
            write_text(path, json.dumps(settings, indent=1))
        elif json.loads(path.read_text(encoding="utf-8")) != settings:
            raise DataSetError(f"{folder} holds demo songs made with other settings: delete it or name another folder.")
    except (OSError, ValueError) as error:
        raise CacheError(f"The folder {folder} cannot be used for demo songs ({error}): name another one.") from error


def _write_flac(path: Path, samples: Sound) -> None:
    try:
        with replaced_file(path) as draft:
            soundfile.write(str(draft), samples, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    except (OSError, soundfile.SoundFileError) as error:
        raise CacheError(f"{path} cannot be written ({error}): free some space or name another folder.") from error
