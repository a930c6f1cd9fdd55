"""What is neither of the taught genres: statistics of general music, of sounds that are no music, of known genres.

A head that only ever saw the taught songs is certain about everything else too. So a bundle carries what its network
makes of other sounds: the centres of clusters of spans, how common each is, and how spans scatter about them. From
these as many spans are drawn as a head needs; no recording can be told from them. The music that the network learnt its
own genres from is told apart by genre: what is recorded like it would else be taken for what is taught.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

from genre_lib.bundle.files import GOLDEN, Bundle
from genre_lib.bundle.golden import Golden
from genre_lib.errors import BundleError
from genre_lib.training.teaching.portable_random import normal, uniform
from genre_lib.training.teaching.spans import Floats

BACKGROUND = "background.json"
# A hundred kilobytes are enough for these, in bytes and half precision.
N_MUSIC, N_NON_MUSIC, N_KNOWN = 160, 32, 8
# Of the file; the first told nothing of known genres, and is read as well.
_VERSION = 2
# Features of the same sound differ so much between conversions of a network, as a share of their spread; those of
# another network differ by all of it.
_SAME_NETWORK = 0.05


@dataclass(frozen=True, eq=False)
class KnownGenre:
    """Spans of the music that a network learnt one of its genres from.

    Attributes
    ----------
    centres : np.ndarray [shape=(n_clusters, n_features)]
    shares : np.ndarray [shape=(n_clusters,)]
        Sum to 1.
    """

    centres: Floats
    shares: Floats


@dataclass(frozen=True, eq=False)
class Background:
    """Spans of other sounds as a mixture of Gaussians with one covariance.

    Attributes
    ----------
    centres : np.ndarray [shape=(n_clusters, n_features)]
    shares : np.ndarray [shape=(n_clusters,)]
        Sum to 1 over the music, and over what is none.
    music : np.ndarray of bool [shape=(n_clusters,)]
    within : np.ndarray [shape=(n_features, n_features)]
        Covariance of spans about their centres.
    golden : np.ndarray [shape=(n_features,)]
        Mean step features of the golden signal: tells whose network's features these are.
    about : str
        What was heard.
    known : mapping of str to KnownGenre
        The network's own genres; empty where nothing is told of them.
    """

    centres: Floats
    shares: Floats
    music: NDArray[np.bool_]
    within: Floats
    golden: Floats
    about: str
    known: Mapping[str, KnownGenre] = field(default_factory=dict)

    @classmethod
    def of_spans(
        cls,
        music: Floats,
        non_music: Floats,
        *,
        golden: Floats,
        about: str,
        known: Mapping[str, Floats] | None = None,
        seed: int = 0,
    ) -> Self:
        """Cluster spans.

        Parameters
        ----------
        music, non_music : np.ndarray [shape=(n_spans, n_features)]
        golden : np.ndarray [shape=(n_features,)]
        about : str
        known : mapping of str to np.ndarray [shape=(n_spans, n_features)]
            Of the music that each genre was learnt from.
        seed : int
            Of the first centres.
        """
        scale = np.concatenate([music, non_music]).std(axis=0) + 1e-6
        parts = [_clusters(spans, n, scale, seed) for spans, n in ((music, N_MUSIC), (non_music, N_NON_MUSIC))]
        scatter = np.concatenate([spans - centres[label] for spans, (centres, _, label) in
                                  zip((music, non_music), parts, strict=True)])  # fmt: skip
        return cls(
            np.concatenate([centres for centres, _, _ in parts]),
            np.concatenate([shares for _, shares, _ in parts]),
            np.repeat([True, False], [len(shares) for _, shares, _ in parts]),
            np.cov(scatter.T),
            golden,
            about,
            {genre: KnownGenre(*_clusters(spans, N_KNOWN, scale, seed)[:2]) for genre, spans in (known or {}).items()},
        )

    @property
    def mean(self) -> Floats:
        """Mean of the music [shape=(n_features,)]."""
        return self.shares[self.music] @ self.centres[self.music]

    @property
    def covariance(self) -> Floats:
        """Covariance of the music's spans [shape=(n_features, n_features)]."""
        away = self.centres[self.music] - self.mean
        return self.within + (away * self.shares[self.music, None]).T @ away

    def draw(self, n: int, *, music: bool, seed: int = 0) -> Floats:
        """Spans like those that were heard [shape=(n, n_features)]; features are never negative."""
        here = self.music == music
        return self._scattered(_chosen(self.centres[here], self.shares[here], uniform(n, 2 * seed)), seed)

    def draw_known(self, n: int, *, seed: int = 0) -> Floats:
        """As many spans of each known genre, one genre after the other [shape=(n * n_known, n_features)]."""
        parts = uniform(n * len(self.known), 2 * seed).reshape(-1, n)
        chosen = [
            _chosen(genre.centres, genre.shares, part) for genre, part in zip(self.known.values(), parts, strict=True)
        ]
        return self._scattered(np.concatenate([np.zeros((0, len(self.within))), *chosen]), seed)

    def _scattered(self, centres: Floats, seed: int) -> Floats:
        values, vectors = np.linalg.eigh(self.within)
        # The symmetric root: there is only one, whoever finds the eigenvectors.
        root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
        scatter = normal(centres.size, 2 * seed + 1).reshape(centres.shape) @ root
        return np.asarray(np.maximum(centres + scatter, 0.0))

    def to_json(self) -> str:
        """As the bundle's file: centres in 8 bits, the covariance's upper half in half precision."""
        known = list(self.known.values())
        of_known = np.concatenate([np.zeros((0, len(self.within))), *(genre.centres for genre in known)])
        steps = np.maximum(np.concatenate([self.centres, of_known]).max(axis=0), 1e-9) / 255
        upper = self.within[np.triu_indices(len(self.within))]
        told = {
            "genres": list(self.known),
            "n_clusters": [len(genre.shares) for genre in known],
            "centres": _packed(np.round(of_known / steps), "u1"),
            "shares": _packed(np.concatenate([np.zeros(0), *(genre.shares for genre in known)]), "<f4"),
        }
        return json.dumps(
            {
                "version": _VERSION,
                "about": self.about,
                "n_features": len(self.golden),
                "n_music": int(self.music.sum()),
                "centres": _packed(np.round(self.centres / steps), "u1"),
                "centre_steps": _packed(steps, "<f4"),
                "shares": _packed(self.shares, "<f4"),
                "within_upper": _packed(upper, "<f2"),
                "golden": _packed(self.golden, "<f4"),
                **({"known": told} if self.known else {}),
            },
            indent=1,
        )

    @classmethod
    def of_bundle(cls, bundle: Bundle) -> Self:
        """Read a bundle's background.

        Raises
        ------
        BundleError
            It has none, or one of another network.
        """
        path = bundle.folder / BACKGROUND
        if not path.exists():
            raise BundleError(
                f"{bundle.folder} has no {BACKGROUND}, without which nothing is none of the taught genres: make it "
                "with `genre model background`."
            )
        found = cls.from_json(path.read_text("utf-8"))
        golden = golden_mean(bundle)
        spread = float(np.sqrt(np.diag(found.covariance)).mean())
        if found.golden.shape != golden.shape or np.abs(found.golden - golden).max() > _SAME_NETWORK * spread:
            raise BundleError(f"{path} is of another network: make it again with `genre model background`.")
        return found

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote; a BundleError if it is damaged."""
        try:
            stored = json.loads(text)
            if stored.get("version", 1) > _VERSION:
                raise BundleError(f"{BACKGROUND} is of a newer genre-lib than this one: install that.")
            n, n_music = stored["n_features"], stored["n_music"]
            upper = _unpacked(stored["within_upper"], "<f2")
            within = np.zeros((n, n))
            within[np.triu_indices(n)] = upper
            shares = _unpacked(stored["shares"], "<f4")
            steps = _unpacked(stored["centre_steps"], "<f4")
            return cls(
                _unpacked(stored["centres"], "u1").reshape(len(shares), n) * steps,
                shares,
                np.arange(len(shares)) < n_music,
                within + np.triu(within, 1).T,
                _unpacked(stored["golden"], "<f4"),
                str(stored["about"]),
                _known(stored["known"], steps) if "known" in stored else {},
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BundleError(f"{BACKGROUND} is damaged ({error}): make it with `genre model background`.") from error


def _known(stored: Mapping[str, Any], steps: Floats) -> dict[str, KnownGenre]:
    shares = _unpacked(stored["shares"], "<f4")
    centres = _unpacked(stored["centres"], "u1").reshape(len(shares), len(steps)) * steps
    ends = np.cumsum(stored["n_clusters"])[:-1]
    parts = zip(stored["genres"], np.split(centres, ends), np.split(shares, ends), strict=True)
    return {str(genre): KnownGenre(*of_genre) for genre, *of_genre in parts}


def golden_mean(bundle: Bundle) -> Floats:
    """Mean step features of a bundle's golden signal [shape=(n_features,)]; BundleError if it tells none."""
    features = Golden.load(Path(bundle.folder) / GOLDEN).step_features
    if features is None:
        raise BundleError(f"{bundle.folder} tells no features of its steps: use `genre model rebuild` first.")
    return features.astype(np.float64).mean(axis=0)


def _chosen(centres: Floats, shares: Floats, numbers: Floats) -> Floats:
    """A centre for each number from (0, 1), as often as the shares say."""
    cumulative = np.cumsum(shares)
    return np.asarray(centres[np.searchsorted(cumulative, numbers * cumulative[-1])])


def _clusters(spans: Floats, n: int, scale: Floats, seed: int) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Centres, shares and each span's cluster."""
    _, label = kmeans2(spans / scale, min(n, len(spans)), iter=15, minit="points", seed=np.random.default_rng(seed))
    label = np.unique(label, return_inverse=True)[1]
    counts = np.bincount(label)
    centres = np.stack([np.bincount(label, weights=column) / counts for column in spans.T], axis=1)
    return centres, counts / counts.sum(), label


def _packed(values: Sequence[float] | Floats, dtype: str) -> str:
    return base64.b64encode(np.asarray(values).astype(dtype).tobytes()).decode()


def _unpacked(text: str, dtype: str) -> Any:
    return np.frombuffer(base64.b64decode(text), dtype).astype(np.float64)
