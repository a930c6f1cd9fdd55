"""The recipe files that come with the repository are complete and say what they mean."""

from pathlib import Path

import pytest

from genre_lib.networks import build
from genre_lib.recipe import Recipe

FILES = sorted((Path(__file__).parents[1] / "data").glob("**/*recipe*/*.yaml")) + sorted(
    (Path(__file__).parents[1] / "data" / "models").glob("*/recipe.yaml")
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_recipe_reads_and_writes_itself_and_builds_its_network(path):
    recipe = Recipe.load(path)
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    network = build(recipe.network, n_genres=10, n_mels=128, **recipe.network_options)
    assert network.count_params() <= 1_000_000


def test_the_shipped_recipe_imitates_and_knows_what_is_no_music():
    recipe = Recipe.load(Path(__file__).parents[1] / "data" / "models" / "gtzan" / "recipe.yaml")
    assert recipe.imitation is not None
    assert recipe.non_music > 0
