"""Recipes: what a file may say, and that it survives being written and read."""

from pathlib import Path

import pytest

from genre_lib.errors import ParameterError
from genre_lib.training.recipe import Recipe

RECIPES = sorted((Path(__file__).parents[2] / "data" / "recipes").glob("*.yaml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_that_ships_can_be_read_and_written(path: Path, tmp_path: Path) -> None:
    recipe = Recipe.load(path)
    (tmp_path / "again.yaml").write_text(recipe.to_yaml())
    assert Recipe.load(tmp_path / "again.yaml").to_dict() == recipe.to_dict()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"trainng": {}}, "training"),
        ({"training": {"epohcs": 3}}, "epochs"),
        ({"network": {"name": "residul"}}, "residual"),
        ({"network": {"name": "residual", "widht": 3}}, "width"),
        ({"training": {"augmentation": {"strech": 1}}}, "stretch"),
    ],
)
def test_a_misspelt_name_suggests_the_right_one(values: dict, says: str) -> None:
    with pytest.raises(ParameterError, match=f"did you mean '{says}'"):
        Recipe.from_dict(values)


def test_overrides_leave_the_rest_alone() -> None:
    recipe = Recipe.load(RECIPES[0])
    changed = recipe.overridden(epochs=7, seed=0, learning_rate=0.0)
    assert changed.training.epochs == 7
    assert changed.training.learning_rate == recipe.training.learning_rate
    assert changed.overridden(network="deepsound2018").network == "deepsound2018"


def test_a_seed_of_0_is_a_seed_and_none_takes_the_recipes() -> None:
    recipe = Recipe.from_dict({"training": {"seed": 3}})
    seeds = [recipe.overridden(seed=seed).training.seed for seed in (0, 7, -1, None)]
    assert seeds == [0, 7, 3, 3]


def test_no_file_is_the_default_and_a_missing_one_an_error() -> None:
    assert Recipe.load("") == Recipe()
    with pytest.raises(ParameterError, match="cannot be read"):
        Recipe.load("nowhere.yaml")


def test_a_limit_of_the_logits_is_a_number_from_0_up() -> None:
    assert Recipe.from_dict({"logit_limit": 8}).to_dict()["logit_limit"] == 8
    for wrong in (-1, "much", True):
        with pytest.raises(ParameterError, match="logit_limit"):
            Recipe.from_dict({"logit_limit": wrong})
