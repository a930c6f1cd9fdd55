"""Synthetic music by numpy: ten recognisably different styles, for trying everything without data."""

from genre_lib.synthesis.demo import (
    DEMO_NOTE,
    STYLES,
    Demo,
    Medley,
    make_demo,
    synthesise,
    synthesise_medley,
)
from genre_lib.synthesis.sound import SAMPLE_RATE

__all__ = ["DEMO_NOTE", "SAMPLE_RATE", "STYLES", "Demo", "Medley", "make_demo", "synthesise", "synthesise_medley"]
