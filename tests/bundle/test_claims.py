"""One accuracy is claimed of a model: the one that says most."""

from dataclasses import replace

from genre_lib.bundle.claims import accuracy_claim, claim_words, world_claim


def test_folds_say_more_than_validation_and_music_from_elsewhere_stands_beside(pretrained) -> None:
    own, world = accuracy_claim(pretrained.card), world_claim(pretrained.card)
    assert own is not None
    assert world is not None
    assert own["name"] == "cross_validation_accuracy"
    assert claim_words(own).endswith("of 639 clips of gtzan-mel-709 (5 artist-grouped folds)")
    assert world["data_set"].startswith("world")


def test_a_test_part_says_most_and_nothing_is_claimed_of_another_model(pretrained) -> None:
    tested = {"name": "accuracy", "value": 0.5, "n": 10, "data_set": "mine", "split": "test"}
    rival = tested | {"name": "baseline_accuracy", "value": 0.9}
    card = replace(pretrained.card, metrics=(*pretrained.card.metrics, rival, tested))
    assert accuracy_claim(card) == tested
    assert accuracy_claim(replace(card, metrics=(rival,))) is None
    assert world_claim(replace(card, metrics=())) is None
