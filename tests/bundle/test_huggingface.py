"""The card as a README that a hub of models reads: a YAML head with every metric, and the same in words."""

import pytest
import yaml

from genre_lib.bundle.card import Card
from genre_lib.bundle.files import read_card
from genre_lib.bundle.huggingface import huggingface_readme
from genre_lib.bundle.resources import pretrained_folder
from genre_lib.cli import main


@pytest.fixture(scope="module")
def card() -> Card:
    return read_card(pretrained_folder())


@pytest.fixture(scope="module")
def head(card: Card) -> dict:
    _, head, _ = huggingface_readme(card).split("---\n", 2)
    return yaml.safe_load(head)


def test_the_head_says_what_a_hub_asks_for(card: Card, head: dict) -> None:
    assert head["license"] == card.licence.lower()
    assert head["pipeline_tag"] == "audio-classification"
    assert head["model-index"][0]["name"] == f"{card.name} {card.version}"


def test_every_metric_is_in_the_index_with_its_data_set(card: Card, head: dict) -> None:
    found = [
        (result["dataset"]["name"], result["dataset"]["split"], metric["name"], metric["value"])
        for result in head["model-index"][0]["results"]
        for metric in result["metrics"]
    ]
    wanted = [
        (entry["data_set"], entry["split"], f"{entry['name']} (n = {entry['n']})", round(entry["value"], 4))
        for entry in card.metrics
    ]
    assert sorted(found) == sorted(wanted)
    results = head["model-index"][0]["results"]
    assert {metric["type"] for result in results for metric in result["metrics"]} == {
        "accuracy",
        "expected_calibration_error",
    }


def test_limits_and_genres_are_in_the_text(card: Card) -> None:
    text = huggingface_readme(card)
    assert all(sentence in text for sentence in card.limits)
    assert ", ".join(card.genres) in text


def test_the_command_prints_it(card: Card, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "info", "--format", "huggingface"]) == 0
    assert capsys.readouterr().out == huggingface_readme(card)
