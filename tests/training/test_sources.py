"""Sources of music: what is known of a piece is learnt, the rest masked, and tags weigh as they are trusted."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from genre_lib.errors import DataSetError, ParameterError
from genre_lib.training.audioset import GENRE_CLASSES
from genre_lib.training.fit import fit
from genre_lib.training.sources import SoftLabelConfig, Source, load_sources
from tests.training.test_fit import CONFIG, N_MELS, quiet, tiny_network, toy_clips

GENRES = ("jazz", "metal", "rock")
CLASSES = [name for names in GENRE_CLASSES.values() for name in names]
N_WINDOWS = 10


def scores(n: int, **logs: float) -> np.ndarray:
    """Logarithms of probabilities of AudioSet's genre classes, by class; -8 for the others."""
    values = np.full((n, N_WINDOWS, len(CLASSES)), -8.0, np.float32)
    for name, value in logs.items():
        values[..., CLASSES.index(name.replace("_", " "))] = value
    return values


def save(folder: Path, name: str, n: int = 4, **arrays: np.ndarray) -> str:
    (folder / "classes.json").write_text(json.dumps({"yamnet": CLASSES, "mn04": CLASSES}))
    mel = np.random.default_rng(n).integers(0, 256, (n, N_MELS, 387), dtype=np.uint8)
    np.savez(folder / name, mel=mel, source=np.array([f"{name} {i}" for i in range(n)]), **arrays)
    return str(folder / name)


@pytest.fixture
def metal(tmp_path: Path) -> str:
    """Four pieces that a tagger calls rock rather than metal; the sources of two of them say metal."""
    return save(
        tmp_path,
        "metal.npz",
        yamnet_log_scores=scores(4, Heavy_metal=-1.5, Rock_music=-1.0),
        genre_tag=np.array(["metal", "metal", "ambient", ""]),
        tag_basis=np.array(["stated", "guessed", "stated", ""]),
    )


def test_offsets_decide_between_a_wide_genre_and_a_narrow_one(metal: str) -> None:
    plain = load_sources([Source(metal)], GENRES)
    assert plain.genres.shape == (4, N_WINDOWS, 3)
    assert (plain.clip_genres.argmax(axis=1) == GENRES.index("rock")).all()
    moved = load_sources([Source(metal)], GENRES, SoftLabelConfig(slope=2.0, offsets={"metal": 1.5}))
    assert (moved.clip_genres.argmax(axis=1) == GENRES.index("metal")).all()
    odds = moved.clip_genres[:, 1] / moved.clip_genres[:, 2]
    np.testing.assert_allclose(np.log(odds), 2.0 * -0.5 + 1.5, atol=1e-4)


def test_tags_take_the_share_that_they_are_trusted_with(metal: str) -> None:
    taggers = load_sources([Source(metal)], GENRES)
    source = Source(metal, tag_trust={"stated": 0.8}, none_of_these=("ambient",))
    targets = load_sources([source], GENRES)
    for one, other in ((targets.clip_genres, taggers.clip_genres), (targets.genres, taggers.genres)):
        np.testing.assert_allclose(one[0], 0.2 * other[0] + 0.8 * np.eye(3)[1], atol=1e-6)
        np.testing.assert_allclose(one[1], other[1], atol=1e-6)
        np.testing.assert_allclose(one[2], 0.5 * other[2] + 0.5 / 3, atol=1e-6)
        np.testing.assert_allclose(one[3], other[3], atol=1e-6)


def test_the_mean_of_two_taggers_is_one_of_logarithms(tmp_path: Path) -> None:
    log_scores = scores(2, Jazz=-1.0)
    logits = np.log(np.exp(scores(2, Jazz=-3.0)) / (1.0 - np.exp(scores(2, Jazz=-3.0))))
    path = save(tmp_path, "two.npz", 2, yamnet_log_scores=log_scores, mn04_logits=logits)
    found = load_sources([Source(path)], GENRES).clip_genres
    alone = np.exp(np.array([-2.0, -8.0, -8.0]))
    np.testing.assert_allclose(found[0], alone / alone.sum(), rtol=1e-3)


def test_outputs_that_a_source_lacks_are_masked(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    both = {name: rng.normal(size=(3, N_WINDOWS, size)) for name, size in (("msd_tags", 5), ("mn04_features", 4))}
    first = save(tmp_path, "first.npz", 3, **both)
    second = save(tmp_path, "second.npz", 2, mn04_features=5 + rng.normal(size=(2, N_WINDOWS, 4)))
    targets = load_sources([Source(first, weight=2.0), Source(second)])
    assert targets.genres is None
    np.testing.assert_array_equal(targets.tag_weights, [1, 1, 1, 0, 0])
    np.testing.assert_allclose(targets.feature_weights, 0.25)
    np.testing.assert_array_equal(targets.draw_weights, [2, 2, 2, 1, 1])
    np.testing.assert_allclose(targets.features.mean(axis=(0, 1)), 0.0, atol=1e-5)
    with pytest.raises(DataSetError, match="name no genres"):
        load_sources([Source(first)], GENRES)


def test_a_genre_that_no_tagger_knows_is_refused(metal: str) -> None:
    with pytest.raises(ParameterError, match="'polka'"):
        load_sources([Source(metal)], ("polka", "rock"))


@pytest.mark.slow
def test_masked_targets_change_nothing_and_soft_labels_teach(tmp_path: Path) -> None:
    """The same training twice, with other values where the mask is 0; and genres learnt from taggers alone."""
    log_mels, labels = toy_clips(24, n_frames=387)
    mel = np.stack([(np.clip(x.T / 80 + 1, 0, 1) * 255).astype(np.uint8) for x in log_mels])
    told = np.concatenate([scores(1, **{("Jazz", "Heavy_metal", "Rock_music")[label]: -0.5}) for label in labels])
    (tmp_path / "classes.json").write_text(json.dumps({"yamnet": CLASSES}))
    features = np.random.default_rng(0).normal(size=(24, N_WINDOWS, 4))
    np.savez(tmp_path / "m.npz", mel=mel, source=np.full(24, "x"), yamnet_log_scores=told, mn04_features=features)
    targets = load_sources([Source(str(tmp_path / "m.npz"))], GENRES)
    hidden = dataclasses.replace(targets, feature_weights=np.zeros_like(targets.feature_weights))
    weights = dataclasses.replace(CONFIG.distillation, batch_size=8, genre_weight=2.0, clip_genre_weight=1.0)
    config = dataclasses.replace(CONFIG, epochs=20, distillation=weights, teacher_windows=1)
    ends = []
    for given in (hidden, dataclasses.replace(hidden, features=hidden.features + 7)):
        model = tiny_network()
        fit(model, [], np.zeros(0, int), config=config, distillation=given, report=quiet)
        ends.append(model)
    for one, other in zip(*(model.get_weights() for model in ends), strict=True):
        np.testing.assert_array_equal(one, other)
    named = [int(np.argmax(ends[0](clip[None], training=False)["clip_logits"])) for clip in log_mels]
    assert np.mean(np.array(named) == labels) > 0.8
