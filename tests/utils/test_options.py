"""Settings from mappings, and the errors of mappings that say something else."""

import pytest

from genre_lib.errors import ParameterError
from genre_lib.training.config import TrainingConfig
from genre_lib.utils.options import from_mapping


def test_a_nested_mapping_becomes_frozen_settings():
    config = from_mapping(
        TrainingConfig,
        {
            "epochs": 3,
            "learning_rate": 1,
            "augmentation": {"shift_bands": 2, "noise_snr_db": [5, 30]},
            "patience": None,
        },
        where="training",
    )
    assert (config.epochs, config.learning_rate, config.patience) == (3, 1.0, None)
    assert config.augmentation.shift_bands == 2
    assert config.augmentation.noise_snr_db == (5.0, 30.0)


def test_nothing_gives_the_defaults():
    assert from_mapping(TrainingConfig, None, where="training") == TrainingConfig()


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"epohcs": 3}, "did you mean 'epochs'"),
        ({"augmentation": {"shift_band": 2}}, "did you mean 'shift_bands'"),
        ({"epochs": "three"}, "training.epochs must be int"),
        ({"epochs": 2.5}, "training.epochs must be int"),
        ({"epochs": 0}, "at least 1"),
        ({"augmentation": 3}, "training.augmentation"),
        ({"augmentation": {"noise_snr_db": 3}}, "must be a list"),
        (["epochs"], "section training"),
    ],
)
def test_what_is_wrong_is_said(mapping, said):
    with pytest.raises(ParameterError, match=said):
        from_mapping(TrainingConfig, mapping, where="training")
