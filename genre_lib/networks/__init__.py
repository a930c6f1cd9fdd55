"""Networks by name: each turns `log_mel` of any length into `step_logits` and `clip_logits`."""

from genre_lib.networks.limit import limit_logits
from genre_lib.networks.registry import build, config_of, names

__all__ = ["build", "config_of", "limit_logits", "names"]
