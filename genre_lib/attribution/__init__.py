"""Why this genre, now: what in the spectrogram speaks for or against a genre, as numbers, picture and sound."""

from genre_lib.attribution.at_time import TimedAttribution, attribute_at, attribute_samples, write_attribution
from genre_lib.attribution.integrated_gradients import Attribution, attribute_step
from genre_lib.attribution.masking import masked_sound

__all__ = [
    "Attribution",
    "TimedAttribution",
    "attribute_at",
    "attribute_samples",
    "attribute_step",
    "masked_sound",
    "write_attribution",
]
