"""A map of songs: what sounds alike lies near, and every dot is the song it says."""

from pathlib import Path

import numpy as np
import pytest

from genre_lib.batch.embeddings import SongVectors, embed_into
from genre_lib.batch.predict import Prediction, Unusable
from genre_lib.batch.song_map import SongMap, on_a_plane
from genre_lib.errors import ParameterError
from tests.conftest import write_drone, write_song


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three songs of each of two kinds, silence, and what is no song."""
    import soundfile

    folder = tmp_path_factory.mktemp("music")
    for seed in range(3):
        write_song(folder / f"beat-{seed}.wav", seed=seed)
        write_drone(folder / f"drone-{seed}.wav", seed=seed)
    (folder / "broken.mp3").write_text("words " * 100)
    soundfile.write(folder / "silence.wav", np.zeros(8 * 22050), 22050)
    return folder


@pytest.fixture(scope="module")
def table(folder: Path, tmp_path_factory: pytest.TempPathFactory, pretrained) -> SongVectors:
    path = tmp_path_factory.mktemp("table") / "songs.parquet"
    embedded = embed_into(path, [folder])
    assert (embedded.n_songs, embedded.n_new, len(embedded.failed)) == (7, 8, 1)
    return SongVectors.load(path, pretrained.card)


def test_what_sounds_alike_lies_near(table: SongVectors) -> None:
    laid = SongMap.of_table(table)
    kinds = np.array([Path(name).name.split("-")[0] for name in laid.names])
    assert sorted(set(kinds)) == ["beat", "drone"], "silence has no place"
    beats, drones = laid.points[kinds == "beat"], laid.points[kinds == "drone"]
    apart = np.linalg.norm(beats.mean(axis=0) - drones.mean(axis=0))
    assert apart > 2 * max(np.linalg.norm(kind - kind.mean(axis=0), axis=1).max() for kind in (beats, drones))
    assert 0.5 < laid.share <= 1


def test_results_that_were_just_heard_lie_where_the_table_puts_them(table: SongVectors, pretrained) -> None:
    results: list[Prediction | Unusable] = [Unusable(Path("broken.mp3"), "it is broken")]
    for path in table.paths:
        curve, embedding = pretrained.curve_and_embedding(path)
        results.append(Prediction(Path(path), curve, embedding.song))
    laid = SongMap.of_results(results, [f"song {i}" for i in range(len(results))])
    np.testing.assert_allclose(laid.points, SongMap.of_table(table).points, atol=1e-5)
    assert [f"song {index}" for index in laid.indices] == list(laid.names)
    assert 0 not in laid.indices


def test_too_few_songs_make_no_map(table: SongVectors) -> None:
    two = SongVectors(table.paths[:2], table.vectors[:2], table.genres[:2], table.states[:2])
    with pytest.raises(ParameterError, match="3 songs or more, and 2"):
        SongMap.of_table(two)


def test_the_plane_is_the_one_of_the_singular_value_decomposition() -> None:
    rng = np.random.default_rng(0)
    vectors = np.abs(rng.normal(1, 1, (40, 7)))
    points, share = on_a_plane(vectors)
    directions = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    _, values, axes = np.linalg.svd(directions - directions.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(points), np.abs((directions - directions.mean(axis=0)) @ axes[:2].T), atol=1e-9)
    assert share == pytest.approx((values[:2] ** 2).sum() / (values**2).sum())
