import numpy as np
import pytest

from genre_lib.datasets import DataSet, Track, open_data_set
from genre_lib.datasets.splits import (
    crossing_groups,
    fold_split,
    group_note,
    grouped_folds,
    grouped_split,
    random_split,
    split_data_set,
)
from genre_lib.errors import DataSetError, ParameterError


def artists(rng: np.random.Generator, n_genres: int = 4, n_artists: int = 20) -> tuple[np.ndarray, list[str]]:
    """Artists of one genre each, with 1 to 8 tracks."""
    labels, groups = [], []
    for genre in range(n_genres):
        for artist in range(n_artists):
            size = int(rng.integers(1, 9))
            labels += [genre] * size
            groups += [f"{genre}/{artist}"] * size
    order = rng.permutation(len(labels))
    return np.array(labels)[order], [groups[i] for i in order]


def table(groups: list[str | None], splits: list[str | None] | None = None) -> DataSet:
    splits = splits or [None] * len(groups)
    tracks = tuple(
        Track(str(i), None, "ab"[i % 2], group, split)
        for i, (group, split) in enumerate(zip(groups, splits, strict=True))
    )
    return DataSet("table", tracks, ("a", "b"))


@pytest.mark.parametrize("seed", range(5))
def test_no_group_crosses_a_grouped_split(rng: np.random.Generator, seed: int) -> None:
    labels, groups = artists(rng)
    split = grouped_split(labels, groups, seed=seed)
    for group in set(groups):
        assert len({part for part, own in zip(split, groups, strict=True) if own == group}) == 1


def test_genres_keep_their_shares(rng: np.random.Generator) -> None:
    labels, groups = artists(rng)
    split = np.array(grouped_split(labels, groups, fractions={"train": 0.5, "valid": 0.25, "test": 0.25}))
    for genre in range(4):
        of_genre = split[labels == genre]
        assert abs(np.mean(of_genre == "train") - 0.5) < 0.08
        assert abs(np.mean(of_genre == "valid") - 0.25) < 0.08


def test_the_seed_decides(rng: np.random.Generator) -> None:
    labels, groups = artists(rng)
    assert grouped_split(labels, groups, seed=1) == grouped_split(labels, groups, seed=1)
    assert grouped_split(labels, groups, seed=1) != grouped_split(labels, groups, seed=2)


def test_folds_hold_every_group_once_and_every_genre_everywhere(rng: np.random.Generator) -> None:
    labels, groups = artists(rng)
    folds = grouped_folds(labels, groups, 5)
    assert sorted(set(folds)) == [0, 1, 2, 3, 4]
    for group in set(groups):
        assert len({int(fold) for fold, own in zip(folds, groups, strict=True) if own == group}) == 1
    for fold in range(5):
        assert set(labels[folds == fold]) == {0, 1, 2, 3}
    sizes = np.bincount(folds)
    assert sizes.max() - sizes.min() < 0.1 * len(labels)


def test_every_part_gets_something_even_with_few_groups() -> None:
    assert set(grouped_split([0] * 30, ["big"] * 28 + ["b", "c"])) == {"train", "valid", "test"}


def test_a_random_split_lets_artists_cross(rng: np.random.Generator) -> None:
    labels, groups = artists(rng)
    split = random_split(labels)
    crossing = [g for g in set(groups) if len({s for s, o in zip(split, groups, strict=True) if o == g}) > 1]
    assert len(crossing) > 20


def test_a_random_data_set_split_says_that_it_leaks() -> None:
    split = split_data_set(table(["x", "y"] * 10), "random")
    assert any("one artist may stand on both sides" in note for note in split.notes)


def test_fewer_groups_than_parts_are_refused() -> None:
    with pytest.raises(DataSetError, match="2 groups"):
        grouped_split([0, 1, 0], ["a", "a", "b"])


def test_one_fold_is_refused() -> None:
    with pytest.raises(ParameterError, match="n_folds is 1"):
        grouped_folds([0, 1], ["a", "b"], 1)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ParameterError, match="given, grouped or random"):
        split_data_set(table(["x", "y", "z"]), "stratified")  # type: ignore[arg-type]


def test_a_given_split_is_kept_and_excluded_tracks_stay_out() -> None:
    given = table(["x", "y", "z", "w"], ["train", "test", "valid", "excluded"])
    assert split_data_set(given) == given
    again = split_data_set(given, "grouped", seed=3)
    assert again.splits()[3] == "excluded"
    assert set(again.splits()[:3]) == {"train", "valid", "test"}


def test_a_half_given_split_is_refused() -> None:
    with pytest.raises(DataSetError, match="but not for 1"):
        split_data_set(table(["x", "y"], ["train", None]))


def test_without_artists_the_user_is_told() -> None:
    split = split_data_set(table([None] * 12))
    assert any("No artist is known" in note for note in split.notes)
    assert set(split.splits()) == {"train", "valid", "test"}
    partly = group_note(table(["x", None, "y"]))
    assert partly is not None
    assert "1 of the 3" in partly
    assert group_note(table(["x", "y"])) is None


def test_crossing_groups_are_named_with_their_splits() -> None:
    crossing = crossing_groups(table(["x", "x", "y", "y", "x"], ["train", "test", "valid", "valid", "excluded"]))
    assert crossing == {"x": ("test", "train")}


def test_the_real_features_split_without_crossing_artists(shared) -> None:
    data_set = open_data_set(shared / "data" / "gtzan-mel")
    assert crossing_groups(data_set) == {}
    folds = grouped_folds(data_set.labels(), data_set.groups(), 5)
    counts = np.array([np.bincount(data_set.labels()[folds == k], minlength=10) for k in range(5)])
    assert counts.min() >= 5
    assert crossing_groups(split_data_set(data_set, "random"))


def test_a_fold_is_held_out_whole_and_what_was_test_is_left_alone() -> None:
    tracks = [
        Track(f"{i}", genre="low" if i % 2 else "high", group=f"band {i // 4}", split="test" if i < 8 else "train")
        for i in range(48)
    ]
    data_set = DataSet("made up", tuple(tracks), ("high", "low"))
    held_out = []
    for fold in range(5):
        split = fold_split(data_set, fold)
        assert {track.split for track in split.tracks[:8]} == {"excluded"}
        assert {track.split for track in split.tracks[8:]} == {"train", "valid", "test"}
        assert crossing_groups(split) == {}
        held_out += [track.name for track in split.tracks if track.split == "test"]
    assert sorted(held_out, key=int) == [str(i) for i in range(8, 48)]


@pytest.mark.parametrize(("fold", "n_folds"), [(5, 5), (-1, 5), (0, 2)])
def test_a_fold_that_does_not_exist_is_refused(fold: int, n_folds: int) -> None:
    with pytest.raises(ParameterError, match="There is no fold"):
        fold_split(DataSet("made up", (), ("high",)), fold, n_folds)
