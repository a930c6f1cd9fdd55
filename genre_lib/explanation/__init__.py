"""Why this genre, now: what in the spectrogram speaks for or against a genre, as numbers, picture and sound."""

from genre_lib.explanation.attribution import Explanation, explain
from genre_lib.explanation.masking import masked_sound
from genre_lib.explanation.moment import Moment, explain_moment, explain_sound, write_moment

__all__ = ["Explanation", "Moment", "explain", "explain_moment", "explain_sound", "masked_sound", "write_moment"]
