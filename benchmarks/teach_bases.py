"""Base networks of the few-shot study: trained without two of GTZAN's genres, and what they make of the music.

``python -m benchmarks.teach_bases`` trains one for each pair, a few minutes each on one core, and keeps its spans in
runs/teach-study, where `benchmarks.teach` finds them. What the taggers or its source call one of the two genres is not
shown either, nor are labelled clips of other music of these genres; the tags and features that are imitated still know
the words.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.resources import resolve
from genre_lib.datasets import Features, load_features, load_tagged_features, open_data_set
from genre_lib.training.non_music import noise, non_music, voice
from genre_lib.training.recipe import Recipe
from genre_lib.training.teaching.spans import spans_of

FOLDER = Path(__file__).resolve().parents[1] / "runs" / "teach-study"
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")
# Drawn by chance, before anything was measured: each genre can be in one pair only.
_ORDER = np.random.default_rng(0).permutation(GENRES).tolist()
PAIRS = tuple(tuple(sorted(_ORDER[i : i + 2])) for i in (0, 2, 4))
EPOCHS = 26
_SOUND_S, _SPANS_A_PIECE = 8.0, 4
_AT_ONCE = 50


@dataclass(frozen=True)
class Base:
    """What a base network makes of the music of the study; spans as `genre_lib.training.teaching.spans`.

    Attributes
    ----------
    genres : tuple of str
        The eight that it knows.
    kernel, bias, limit : its genre layer
    names : of the clips of GTZAN, train and valid
    labelled_genres : of the labelled clips of other music that it learnt
    clips, labelled, free, other : spans of those, of the music for a background, of the music that is asked about
    sounds, noise, voice : spans of synthetic sounds, for a background and of other seeds
    """

    genres: tuple[str, ...]
    kernel: NDArray[np.float64]
    bias: NDArray[np.float64]
    limit: float
    names: tuple[str, ...]
    labelled_genres: tuple[str, ...]
    clips: list[NDArray[np.float64]]
    labelled: list[NDArray[np.float64]]
    free: list[NDArray[np.float64]]
    other: list[NDArray[np.float64]]
    sounds: list[NDArray[np.float64]]
    noise: list[NDArray[np.float64]]
    voice: list[NDArray[np.float64]]

    @classmethod
    def load(cls, pair: Sequence[str]) -> Base:
        """Of a pair of genres it was trained without."""
        with np.load(path_of(pair)) as stored:
            spans = {
                name: np.split(stored[name].astype(np.float64), stored[f"{name}_ends"][:-1])
                for name in ("clips", "labelled", "free", "other", "sounds", "noise", "voice")
            }
            return cls(
                tuple(map(str, stored["genres"])),
                stored["kernel"],
                stored["bias"],
                float(stored["limit"]),
                tuple(map(str, stored["names"])),
                tuple(map(str, stored["labelled_genres"])),
                **spans,
            )


def path_of(pair: Sequence[str]) -> Path:
    """Where a base's spans are kept."""
    return FOLDER / f"without-{'-'.join(pair)}.npz"


def train_base(pair: Sequence[str], *, epochs: int = EPOCHS, report: Callable[[str], None] = print) -> None:
    """Train by the shipped recipe, shortened, without a pair of genres, and keep what it makes of everything."""
    from genre_lib.export.taught_network import genre_layer
    from genre_lib.networks.tensorflow_setup import keras

    genres = tuple(genre for genre in GENRES if genre not in pair)
    known = load_features(open_data_set(str(SHARED / "gtzan-mel"))).subset("train", "valid")
    recipe = Recipe.load("data/recipes/gtzan.yaml")
    recipe = replace(recipe, training=replace(recipe.training, epochs=epochs))
    model = _fitted(recipe, _only(known.subset("train"), genres), FOLDER / "-".join(pair), report)
    head, limit = genre_layer(model)
    features = keras.Model(model.input, model.get_layer("step_features").output)

    def spans(log_mels: Sequence[NDArray[np.float32]], at_most: int = 20) -> list[NDArray[np.float64]]:
        # All pieces are of one length, and so are all sounds.
        found: list[NDArray[np.float64]] = []
        for first in range(0, len(log_mels), _AT_ONCE):
            batch = np.stack([log_mels[i] for i in range(first, min(first + _AT_ONCE, len(log_mels)))])
            found += [spans_of(steps, at_most=at_most) for steps in np.asarray(features(batch, training=False))]
        return found

    front_end = known.data_set.front_end
    assert front_end is not None

    def of(kind: Callable[..., Any]) -> list[NDArray[np.float64]]:
        rng, length = np.random.default_rng(2018), round(_SOUND_S * front_end.sample_rate)
        return spans([front_end.log_mel(kind(length, front_end.sample_rate, rng)) for _ in range(60)])

    free = [x for name in ("unlabelled/music-1203", "world/music-free-1080")
            for x in load_tagged_features(SHARED / f"{name}.npz").log_mels]  # fmt: skip
    labelled = [_only(source.features(front_end), genres) for source in recipe.labelled]
    heard = {
        "clips": spans(known.log_mels),
        "labelled": spans([log_mel for part in labelled for log_mel in part.log_mels]),
        "free": spans(free, _SPANS_A_PIECE),
        "other": spans(load_tagged_features(SHARED / "world" / "music-608.npz").log_mels),
        "sounds": spans(non_music(90, front_end, duration_s=_SOUND_S, seed=1), _SPANS_A_PIECE),
        "noise": of(noise),
        "voice": of(voice),
    }
    stored: dict[str, Any] = {}
    for name, each in heard.items():
        stored |= {name: np.concatenate(each).astype(np.float32), f"{name}_ends": np.cumsum([len(x) for x in each])}
    np.savez_compressed(
        path_of(pair), genres=genres, kernel=head.kernel, bias=head.bias, limit=limit,
        names=[track.name for track in known.tracks],
        labelled_genres=[str(track.genre) for part in labelled for track in part.tracks], **stored,
    )  # fmt: skip


def _only(part: Features, genres: tuple[str, ...]) -> Features:
    """The clips of some genres, which are then all there are."""
    kept = part.select([i for i, track in enumerate(part.tracks) if track.genre in genres])
    return replace(kept, data_set=replace(kept.data_set, genres=genres))


def _fitted(recipe: Recipe, part: Features, folder: Path, report: Callable[[str], None]) -> Any:
    from genre_lib.datasets.concatenated import Joined
    from genre_lib.networks import build, with_clipped_logits
    from genre_lib.networks.tensorflow_setup import keras
    from genre_lib.training.fit import fit
    from genre_lib.training.labelled_sources import labelled_clips
    from genre_lib.training.non_music import soft_labels
    from genre_lib.training.sources import load_sources

    genres, front_end = part.data_set.genres, part.data_set.front_end
    assert front_end is not None
    sources = [replace(source, music=str(resolve(source.music))) for source in recipe.sources]
    music = load_sources(sources, genres, recipe.soft_labels)
    believed = load_sources(sources, GENRES, recipe.soft_labels).clip_genres
    assert believed is not None
    assert music.draw_weights is not None
    of_pair = believed[:, [GENRES.index(genre) for genre in GENRES if genre not in genres]].sum(axis=1) > 0.5
    report(f"{part.data_set.genres}: {len(part)} clips, {of_pair.sum()} of {len(of_pair)} pieces are left out")
    sounds = non_music(recipe.non_music, front_end)
    of_others = [track.name for source in recipe.labelled for track in source.features(front_end).tracks
                 if track.genre not in genres]  # fmt: skip
    others, believed_of_others = labelled_clips(recipe.labelled, genres, front_end, without=of_others)
    keras.utils.set_random_seed(recipe.training.seed)
    model = build(recipe.network, n_genres=len(genres), n_mels=front_end.n_mels, **recipe.network_options)
    result = fit(
        model,
        Joined(part.log_mels, sounds, others),
        np.concatenate([soft_labels(part.data_set.labels(), len(sounds), len(genres)), believed_of_others]),
        config=recipe.training,
        distillation=replace(music, draw_weights=np.where(of_pair, 0, music.draw_weights)),
        run_folder=folder,
        report=report,
    )
    return with_clipped_logits(result.model, recipe.logit_limit)


def main() -> None:
    """Train what is not trained yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--pair", type=int, choices=range(len(PAIRS)), help="only this one")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for pair in PAIRS if options.pair is None else PAIRS[options.pair : options.pair + 1]:
        if not path_of(pair).exists():
            train_base(pair, epochs=options.epochs)


if __name__ == "__main__":
    main()
