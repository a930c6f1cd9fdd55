"""The list of networks: adding one is a module with a config and a builder, and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from genre_lib.networks import deepsound2016, deepsound2018, dieleman2014, residual
from genre_lib.utils.options import from_mapping, unknown_name

if TYPE_CHECKING:
    import keras

_NETWORKS: dict[str, tuple[type[Any], Callable[..., Any]]] = {
    "residual": (residual.ResidualConfig, residual.build_residual),
    "deepsound2018": (deepsound2018.Deepsound2018Config, deepsound2018.build_deepsound2018),
    "deepsound2016": (deepsound2016.Deepsound2016Config, deepsound2016.build_deepsound2016),
    "dieleman2014": (dieleman2014.Dieleman2014Config, dieleman2014.build_dieleman2014),
}


def names() -> list[str]:
    """Names that `build` knows."""
    return list(_NETWORKS)


def config_of(name: str, options: Mapping[str, Any] | None = None) -> Any:
    """The frozen configuration of a network, defaults overridden by `options`.

    Raises
    ------
    ParameterError
        For an unknown network or option.
    """
    if name not in _NETWORKS:
        raise unknown_name("network", name, _NETWORKS)
    return from_mapping(_NETWORKS[name][0], options, where=f"network {name}")


def build(name: str, *, n_genres: int, n_mels: int, **options: Any) -> keras.Model:
    """Build an untrained network.

    Parameters
    ----------
    name : one of `names()`
    n_genres : int > 1
    n_mels : int > 0
    **options : fields of the network's configuration, for example ``width=96``

    Returns
    -------
    keras.Model
        Input `log_mel` (batch, frames, n_mels) in dB; outputs by name `step_logits` (batch, steps, n_genres) and
        `clip_logits` (batch, n_genres), the mean of the steps. Made of standard layers only, so that a saved one
        opens in safe mode without this package. The layer `step_features` is what the logits are read from.

    Raises
    ------
    ParameterError
        For an unknown network or option.

    Examples
    --------
    >>> model = build("residual", n_genres=10, n_mels=128)
    >>> sorted(model.output)
    ['clip_logits', 'step_logits']
    """
    config = config_of(name, options)
    return _NETWORKS[name][1](config, n_genres=n_genres, n_mels=n_mels)
