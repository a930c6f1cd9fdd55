"""Songs that sound alike: same genre among the ten nearest by other artists, and how long a search takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.fft
from scipy.special import softmax

from benchmarks.measuring import LeftOut, Row, seconds
from genre_lib.batch.similarity import SongCollection
from genre_lib.bundle.files import LITERT, open_bundle
from genre_lib.evaluation.retrieval import precision_at
from genre_lib.inference.network import LiteRtNetwork

_CLIPS = Path(__file__).resolve().parents[2] / "shared" / "data" / "world" / "world-valid-83.npz"
_N_SONGS = 100_000


def run() -> list[Row]:
    """The shipped network on clips that it never heard, beside its own probabilities and mean MFCCs."""
    if not _CLIPS.exists():
        raise LeftOut("the clips that the shipped network never heard are not in ../shared")
    rows = [_search()]
    clips = np.load(_CLIPS)
    artists = [artist or f"unknown {number}" for number, artist in enumerate(clips["artist"])]
    for name, vectors in _ways(clips).items():
        found = precision_at(10, vectors, clips["genre"], artists)
        note = f"{100 * found.low:.1f} to {100 * found.high:.1f}, {found.n} clips, {found.method}"
        rows.append(Row(f"same genre among the ten nearest, by {name}", 100 * found.value, "%", note=note))
    return rows


def _search() -> Row:
    vectors = np.random.default_rng(0).random((_N_SONGS, 160), np.float32)
    songs = SongCollection([f"{number}.mp3" for number in range(_N_SONGS)], vectors, [None] * _N_SONGS)
    took = seconds(lambda: songs.nearest(vectors[0], but="0.mp3"), repeats=9)
    return Row(f"ten nearest of {_N_SONGS:,} songs", 1000 * took, "ms", aim="at most 50")


def _ways(clips: np.lib.npyio.NpzFile) -> dict[str, np.ndarray]:
    bundle = open_bundle()
    n_genres = len(bundle.card.genres)
    network = LiteRtNetwork(bundle.folder / LITERT, n_genres)
    features, probabilities, cepstra = [], [], []
    for mel, range_db in zip(clips["mel"], clips["range_db"], strict=True):
        log_mel = ((mel.T / 255 - 1) * range_db).astype(np.float32)
        logits, steps = np.split(network.with_features(log_mel), [n_genres], axis=1)
        features.append(steps.mean(axis=0))
        probabilities.append(softmax(logits, axis=1).mean(axis=0))
        cepstra.append(scipy.fft.dct(log_mel, axis=1, norm="ortho")[:, 1:20].mean(axis=0))
    mfcc = np.array(cepstra)
    standardised = (mfcc - mfcc.mean(axis=0)) / mfcc.std(axis=0)
    return {
        "embedding": np.array(features),
        "genre probabilities": np.array(probabilities),
        "mean MFCC": standardised,
    }
