"""Teaching from a few songs: how often new genres are named, and how often what was never taught is.

Pairs of genres that the shipped network has no name for, each taught with 1, 3, 5 and 8 songs and asked about others;
the songs of a genre are by as many artists, but for three of film. "Other music" is of genres that are not near to the
pair. The shipped network heard this music in training, without these genres. `benchmarks.few_shot` adds networks that
were trained without the pair.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.special import softmax

from benchmarks.few_shot import left_out_pairs
from benchmarks.measuring import LeftOut, Row
from genre_lib.datasets import load_tagged_features
from genre_lib.evaluation.intervals import proportion
from genre_lib.evaluation.reliability import reliability
from genre_lib.inference.model import GenreModel, load_model
from genre_lib.training.non_music import noise, voice
from genre_lib.training.teaching.background import Background
from genre_lib.training.teaching.head import Head, fit_head
from genre_lib.training.teaching.left_out import left_out
from genre_lib.training.teaching.spans import spans_of
from genre_lib.training.teaching.temperature import fit_temperature

_MUSIC = Path(__file__).resolve().parents[2] / "shared" / "data" / "world" / "music-608.npz"
PAIRS = (("Ambient", "Folk"), ("Film", "Funk"), ("VG", "RnB"), ("Dance", "60s"), ("Ambient", "Funk"), ("Folk", "80s"))
# Whatever else may rightly be taken for a genre.
_NEAR = {
    "Ambient": ("electronic", "Electronic", "Film"),
    "Folk": (),
    "Film": ("classical", "Ambient", "VG"),
    "Funk": ("RnB",),
    "VG": ("electronic", "Electronic", "Film"),
    "RnB": ("Funk",),
    "Dance": ("electronic", "Electronic", "80s"),
    "60s": ("rock", "pop"),
    "80s": ("pop", "Dance"),
}
N_SONGS = (1, 3, 5, 8)
_DRAWS = 3
_N_SOUNDS, _SOUND_S = 30, 8.0


@dataclass(frozen=True)
class Pieces:
    """Music that is asked about, each piece with its spans and its genre."""

    spans: list[NDArray[np.float64]]
    genres: NDArray[np.str_]

    @property
    def means(self) -> NDArray[np.float64]:
        return np.array([spans.mean(axis=0) for spans in self.spans])


def run() -> list[Row]:
    """Teach pairs of genres, and once in pairs without a background what other features are worth."""
    if not _MUSIC.exists():
        raise LeftOut("the music whose genres are taught is not in ../shared")
    tagged = load_tagged_features(_MUSIC)
    model = load_model()
    background = Background.of_bundle(model.bundle)
    pieces = Pieces([spans_of(model.features_from_log_mel(x)) for x in tagged.log_mels], np.array(tagged.genre_tag))
    sounds = {kind.__name__: _of_sounds(kind, model) for kind in (noise, voice)}
    rows = [row for n_songs in N_SONGS for row in _taught(n_songs, pieces, sounds, background)]
    mfcc = [scipy.fft.dct(log_mel, axis=1, norm="ortho")[:, 1:20].mean(axis=0) for log_mel in tagged.log_mels]
    compared = {
        "step features": pieces.means,
        "musicnn": tagged.outputs["msd_penultimate"].mean(axis=1),
        "mean MFCC": np.array(mfcc),
    }
    rows += [_told_apart(name, values, pieces.genres) for name, values in compared.items()]
    try:
        return rows + left_out_pairs()
    except LeftOut as reason:
        # The rest of the bench needs no training.
        print(f"left out of teach: {reason}", file=sys.stderr)
        return rows


def _of_sounds(kind: Callable[..., Any], model: GenreModel) -> NDArray[np.float64]:
    """Mean features of synthetic sounds of other seeds than the background's."""
    front_end, rng = model.card.front_end, np.random.default_rng(2018)
    length = round(_SOUND_S * front_end.sample_rate)
    heard = [front_end.log_mel(kind(length, front_end.sample_rate, rng)) for _ in range(_N_SOUNDS)]
    return np.array([model.features_from_log_mel(log_mel).mean(axis=0) for log_mel in heard])


def _taught(n_songs: int, pieces: Pieces, sounds: dict[str, NDArray[np.float64]], background: Background) -> list[Row]:
    means = pieces.means
    right: list[bool] = []
    asked: list[int] = []
    beliefs, truths, took = [], [], []
    named: dict[str, list[bool]] = {name: [] for name in (*sounds, "other music")}
    for pair in PAIRS:
        others = means[~np.isin(pieces.genres, [*pair, *_NEAR[pair[0]], *_NEAR[pair[1]]])]
        for draw in range(_DRAWS):
            chosen, rest, labels = _split(pieces.genres, pair, n_songs, draw)
            taught = _of(chosen, pair, pieces.genres)
            began = time.process_time()
            head = fit_head([pieces.spans[i] for i in chosen], taught, 2, background)
            took.append(time.process_time() - began)
            head = head.scaled(1 / _temperature(chosen, np.array(taught), pieces, background))
            believed = _believed(head, means[rest])
            right += (believed.argmax(axis=1) == labels).tolist()
            asked += rest.tolist()
            beliefs.append(believed)
            truths.append(labels)
            for name, heard in (*sounds.items(), ("other music", others)):
                of_these = _believed(head, heard)
                named[name] += ((of_these.argmax(axis=1) < 2) & (of_these.max(axis=1) >= 0.5)).tolist()
    found = proportion(right, asked, unit="songs")
    note = f"{100 * found.low:.0f} to {100 * found.high:.0f}, {len(PAIRS)} pairs x {_DRAWS} draws, {found.method}"
    said, truth = np.concatenate(beliefs), np.concatenate(truths)
    ece = reliability(said, truth).ece
    # Above 0 it is more doubtful than it need be, below 0 it claims too much.
    doubt = (said.argmax(axis=1) == truth) - said.max(axis=1)
    sure = said.max(axis=1) >= 0.5
    modest = {"all": np.ones(len(doubt), bool), "of at least one half": sure}
    songs = f"{n_songs} song{'s' if n_songs > 1 else ''}"
    aims = {"noise": "at most 2", "voice": "at most 2", "other music": "at most 15"}
    return [
        Row(f"{songs}: new genres named rightly", 100 * found.value, "%", note=note),
        Row(f"{songs}: ECE", ece, ""),
        *(
            _doubt(f"{songs}: share right less belief, {which}", doubt[here], np.array(asked)[here])
            for which, here in modest.items()
        ),
        *(Row(f"{songs}: {name} named", 100 * float(np.mean(each)), "%", aims[name]) for name, each in named.items()),
        Row(f"{songs}: processor time to fit a head", float(np.median(took)), "s"),
    ]


def _doubt(name: str, doubt: NDArray[np.float64], songs: NDArray[np.intp]) -> Row:
    found = proportion(doubt, songs, unit="songs")
    note = f"{100 * found.low:.0f} to {100 * found.high:.0f}, n = {found.n} answers, {found.method}"
    return Row(name, 100 * found.value, "points", note=note)


def _told_apart(name: str, values: NDArray[np.float64], genres: NDArray[np.str_]) -> Row:
    """A ridge head on other features with 5 songs each, where it is one of the two."""
    standard = (values - values.mean(axis=0)) / (values.std(axis=0) + 1e-9)
    right: list[bool] = []
    asked: list[int] = []
    for pair in PAIRS:
        for draw in range(_DRAWS):
            chosen, rest, labels = _split(genres, pair, 5, draw)
            x, y = standard[chosen], np.array(_of(chosen, pair, genres)) * 2.0 - 1
            gram = x @ x.T + x.shape[1] * np.eye(len(x))
            answer = standard[rest] @ x.T @ np.linalg.solve(gram, y)
            right += ((answer > 0) == labels).tolist()
            asked += rest.tolist()
    found = proportion(right, asked, unit="songs")
    note = f"{100 * found.low:.0f} to {100 * found.high:.0f}, {found.method}; chance is 50"
    return Row(f"5 songs: one of the two told, by {name}", 100 * found.value, "%", note=note)


def _split(
    genres: NDArray[np.str_], pair: Sequence[str], n_songs: int, draw: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Songs to teach with, songs to ask about, and which of the pair those are; the same for any number taught."""
    rng = np.random.default_rng(draw)
    mixed = [rng.permutation(np.flatnonzero(genres == genre)) for genre in pair]
    rest = [songs[max(N_SONGS) :] for songs in mixed]
    labels = np.repeat([0, 1], [len(songs) for songs in rest])
    return np.concatenate([songs[:n_songs] for songs in mixed]), np.concatenate(rest), labels


def _of(songs: NDArray[np.intp], pair: Sequence[str], genres: NDArray[np.str_]) -> list[int]:
    return [pair.index(str(genres[i])) for i in songs]


def _believed(head: Head, means: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(softmax(head(means), axis=1))


def _temperature(songs: NDArray[np.intp], labels: NDArray[np.int64], pieces: Pieces, background: Background) -> float:
    """As `genre teach` finds it: songs left out in up to ten folds."""
    logits, right = [np.zeros((0, 3))], [labels[:0]]
    for here in left_out([str(song) for song in songs], labels):
        others = np.setdiff1d(np.arange(len(songs)), here)
        head = fit_head([pieces.spans[songs[i]] for i in others], labels[others].tolist(), 2, background)
        logits.append(head(pieces.means[songs[here]]))
        right.append(labels[here])
    return fit_temperature(np.concatenate(logits), np.concatenate(right)).value
