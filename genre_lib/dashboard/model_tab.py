"""The model tab: what the chosen model is, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from genre_lib.bundle.card import Card
from genre_lib.bundle.card_text import describe_card, trained_words
from genre_lib.bundle.claims import accuracy_claim, claim_words, world_claim
from genre_lib.dashboard.model_choice import Models
from genre_lib.dashboard.page_session import PageSession
from genre_lib.dashboard.plotly_output import plotly_output
from genre_lib.dashboard.results import Results, results_of
from genre_lib.errors import GenreLibError
from genre_lib.inference.words import spoken

if TYPE_CHECKING:
    import plotly.graph_objects as go


class ModelTab:
    """The card in words and the evaluation's figures, drawn when first looked at.

    Attributes
    ----------
    widget : ipywidgets.Widget
    """

    def __init__(self, models: Models, page_session: PageSession) -> None:
        self._models = models
        self._page_session = page_session
        self._shown: tuple[str, bool] | None = None
        # Seen until the figures are drawn, which takes a moment the first time.
        waiting = widgets.HTML('<p class="genre-busy" role="status">Drawing what was measured …</p>')
        self.widget = widgets.VBox([waiting]).add_class("genre-tab").add_class("genre-about")
        models.observe(self._changed)
        page_session.observe(lambda _: self._changed(), "dark")

    def show(self) -> None:
        """Draw what is not drawn yet."""
        wanted = self._models.label, self._page_session.dark
        if self._shown == wanted:
            return
        self._shown = wanted
        try:
            card = self._models.card
            results = results_of(self._models.folder, card)
        except GenreLibError as error:
            self.widget.children = [widgets.HTML(f'<p class="genre-trouble" role="alert">{escape(str(error))}</p>')]
            return
        figures = [plotly_output(figure) for figure in _figures(results, dark=self._page_session.dark)]
        grid = widgets.GridBox(figures).add_class("genre-figures")
        whole = f"<details><summary>The whole card</summary><pre>{escape(describe_card(card))}</pre></details>"
        self.widget.children = [widgets.HTML(_words(card, results)), grid, widgets.HTML(whole)]

    def _changed(self) -> None:
        if self._shown is not None:
            self.show()


def _words(card: Card, results: Results) -> str:
    facts = [
        ("Genres", ", ".join(map(spoken, card.genres))),
        ("Hears", f"{card.receptive_field_s:.1f} s at a time, an answer every {card.step_period_s:.2f} s"),
    ]
    if parameters := card.training.get("parameters"):
        facts.append(("Size", f"{parameters:,} parameters, {_megabytes(card):.1f} MB with all its formats"))
    if card.training.get("data_set"):
        facts.append(("Trained", f"on {trained_words(card.training)}"))
    facts.append(("Licence", card.licence))
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    limits = "".join(f"<li>{escape(sentence)}</li>" for sentence in card.limits)
    notes = "".join(f"<p>{escape(note)}</p>" for note in results.notes if note not in card.limits)
    return (
        f"<h2>{escape(card.name)} <small>{escape(card.version)}</small></h2>"
        f"<p class='lead'>{escape(card.description)}</p>"
        f"{_accuracy(card)}<dl>{rows}</dl><h3>What it cannot do</h3><ul>{limits}</ul>{notes}"
    )


def _accuracy(card: Card) -> str:
    """The claim, and what music from elsewhere does to it."""
    own = accuracy_claim(card)
    if own is None:
        return "<p class='figure-of-merit'>Its card tells no accuracy.</p>"
    claims = [
        f"<p class='figure-of-merit'>{_large(own)} named rightly. <small>{escape(own.get('note', ''))}</small></p>"
    ]
    if world := world_claim(card):
        note = escape(world.get("note", ""))
        claims.append(f"<p class='figure-of-merit'>{_large(world)}: music from elsewhere. <small>{note}</small></p>")
    return "".join(claims)


def _large(claim: dict[str, Any]) -> str:
    value, rest = claim_words(claim).split(" %", 1)
    return f"<b>{value} %</b>{escape(rest)}"


def _figures(results: Results, *, dark: bool) -> Iterator[go.Figure]:
    from genre_lib.figures import evaluation as figures

    evaluation = results.evaluation
    if evaluation is None:
        return
    most = results.folds or evaluation
    # The claim above is the only one: this evaluation may be of another part.
    yield figures.confusion_matrix(most, dark=dark).update_layout(title_text="What is taken for what?")
    yield figures.genre_scores(most, dark=dark)
    if evaluation.calibration is not None:
        yield figures.reliability_diagram(evaluation, dark=dark)
    if most.by_seconds:
        yield figures.accuracy_by_seconds(most, dark=dark)
    if evaluation.by_gain:
        yield figures.accuracy_by_gain(evaluation, dark=dark)
    if evaluation.conditions:
        yield figures.accuracy_under_conditions(evaluation, dark=dark)
    if results.leak is not None:
        yield figures.leak_demonstration(results.leak, dark=dark)


def _megabytes(card: Card) -> float:
    return sum(entry.size for entry in card.files.values()) / 1e6
