"""Networks by name: each turns `log_mel` of any length into `step_logits` and `clip_logits`."""

from genre_lib.networks.logit_clipping import with_clipped_logits
from genre_lib.networks.registry import build, config_of, names

__all__ = ["build", "config_of", "names", "with_clipped_logits"]
