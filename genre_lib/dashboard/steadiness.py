"""How steady a belief is shown, and from where on a genre is named: the two controls that the page has too."""

from __future__ import annotations

import math
from collections.abc import Callable

import ipywidgets as widgets

from genre_lib.bundle.card import Card

EVERY_BEAT_S, ONE_A_SONG_S = 0.5, 600.0
_STEPS = 100
_HIGHEST_PERCENT = 95
_STYLE = {"description_width": "initial"}


class SteadinessControls:
    """Two sliders and the way back to the card's own values.

    Attributes
    ----------
    widget : ipywidgets.Widget
    steadiness_s : float or None [s]
        How long a genre is expected to last; None is the card's.
    named_from : float or None
        The belief from which on a genre is named; None is the card's.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.steadiness_s: float | None = None
        self.named_from: float | None = None
        self._on_change = on_change
        self._card: Card | None = None
        self._setting = False
        # While a slider is dragged every value is drawn anew: only where it is let go counts.
        self._steadiness = widgets.SelectionSlider(
            options=_steadiness_options(), description="Steadiness", continuous_update=False, style=_STYLE
        )
        self._threshold = widgets.SelectionSlider(
            options=[(f"{percent}\N{NO-BREAK SPACE}%", percent) for percent in range(_HIGHEST_PERCENT + 1)],
            description="Name a genre from",
            continuous_update=False,
            style=_STYLE,
        )
        self._reset = widgets.Button(description="Reset both")
        self._steadiness.observe(lambda _: self._changed("steadiness_s"), "value")
        self._threshold.observe(lambda _: self._changed("named_from"), "value")
        self._reset.on_click(lambda _: self._to_card(tell=True))
        controls = [self._steadiness, self._threshold, self._reset]
        self.widget = widgets.HBox(controls).add_class("genre-steadiness")

    def set_card(self, card: Card) -> None:
        """Begin with a card's values, unless something else was chosen for this model."""
        if self._card is None or self._card.belief != card.belief:
            self._card = card
            self._to_card(tell=False)

    def _to_card(self, *, tell: bool) -> None:
        self.steadiness_s = self.named_from = None
        if self._card is None:
            return
        belief = self._card.belief
        self._setting = True
        seconds = belief.mean_duration_s if belief else self._card.smoothing_s
        self._steadiness.options = _steadiness_options(seconds)
        self._steadiness.value = _step_at(seconds)
        named_from = belief.named_from.file if belief else self._card.unsure_below.smoothed
        self._threshold.value = min(_HIGHEST_PERCENT, round(100 * named_from))
        self._setting = False
        if tell:
            self._on_change()

    def _changed(self, what: str) -> None:
        if self._setting:
            return
        if what == "steadiness_s":
            self.steadiness_s = _seconds_at(self._steadiness.value)
        else:
            self.named_from = self._threshold.value / 100
        self._on_change()


def steadiness_words(seconds: float) -> str:
    """As on the page.

    Examples
    --------
    >>> steadiness_words(0.5), steadiness_words(10.04), steadiness_words(600)
    ('every beat', 'about 10 s', 'one genre a song')
    """
    if seconds <= EVERY_BEAT_S:
        return "every beat"
    if seconds >= ONE_A_SONG_S:
        return "one genre a song"
    return f"about {seconds:.2g} s" if seconds < 60 else f"about {seconds / 60:.0f} min"


def _steadiness_options(card_s: float | None = None) -> list[tuple[str, int]]:
    """Words for each step of the slider; the card's own seconds, which lie between two steps, in their own words."""
    options = [(steadiness_words(_seconds_at(step)), step) for step in range(_STEPS + 1)]
    if card_s is not None:
        options[_step_at(card_s)] = (steadiness_words(card_s), _step_at(card_s))
    return options


def _seconds_at(step: int) -> float:
    return float(EVERY_BEAT_S * (ONE_A_SONG_S / EVERY_BEAT_S) ** (step / _STEPS))


def _step_at(seconds: float) -> int:
    share = math.log(seconds / EVERY_BEAT_S) / math.log(ONE_A_SONG_S / EVERY_BEAT_S)
    return min(_STEPS, max(0, round(_STEPS * share)))
