"""The figures of "how it works" and of the results, drawn anew in every build by the library itself."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

import genre_lib
from genre_lib.attribution.at_time import attribute_at
from genre_lib.attribution.integrated_gradients import Attribution
from genre_lib.bundle.files import Bundle, open_bundle
from genre_lib.bundle.resources import resource
from genre_lib.datasets.demo import synthesise_medley
from genre_lib.evaluation.scores import Evaluation
from genre_lib.figures import evaluation as figures
from genre_lib.figures.alternative_text import alternative_text
from genre_lib.figures.attribution import attribution_figure
from genre_lib.figures.files import find_browser, save_figures
from genre_lib.figures.style import accents, finish
from genre_lib.filters.activation_extractor import ActivationExtractor
from genre_lib.filters.intermediate_outputs import IntermediateOutputs
from genre_lib.inference.curve import GenreCurve
from genre_lib.inference.model import load_model

_SECONDS = 60.0
_MOMENT_S = 30.0


@dataclass(frozen=True)
class Material:
    """What the figures are about: the model that ships, and a medley that anyone can make again."""

    @cached_property
    def bundle(self) -> Bundle:
        """The model that ships."""
        return open_bundle()

    @cached_property
    def medley(self) -> NDArray[np.float32]:
        """Synthesised styles, one after the other, at the front end's rate."""
        return synthesise_medley(seconds=_SECONDS)[0]

    @cached_property
    def log_mel(self) -> NDArray[np.float32]:
        """What the network gets to hear of the medley."""
        return self.bundle.card.front_end.log_mel(self.medley)

    @cached_property
    def curve(self) -> GenreCurve:
        """What the model believes of the medley."""
        return load_model().curve(self.medley, self.bundle.card.front_end.sample_rate)

    @cached_property
    def attribution(self) -> Attribution:
        """What spoke for its genre at one moment of it."""
        return attribute_at(self.bundle, self.medley, _MOMENT_S).attribution

    @cached_property
    def evaluation(self) -> Evaluation:
        """What was measured when the model was made."""
        return Evaluation.load(resource("data", "models", "gtzan-evaluation", "evaluation.json"))


Draw = Callable[[Material, bool], go.Figure]


def front_end(material: Material, dark: bool) -> go.Figure:
    """Samples above, the log-mel below."""
    end = material.bundle.card.front_end
    seconds = 10
    samples = material.medley[: seconds * end.sample_rate]
    log_mel = material.log_mel[: round(seconds / end.frame_period_s)]
    figure = make_subplots(rows=2, shared_xaxes=True, vertical_spacing=0.06, row_heights=[0.3, 0.7])
    figure.add_scatter(
        x=np.arange(0, len(samples), 40) / end.sample_rate,
        y=samples[::40],
        line={"width": 0.6, "color": accents(dark)[0]},
        showlegend=False,
        row=1,
        col=1,
    )
    figure.add_heatmap(
        z=np.clip(log_mel - log_mel.max(), -80, 0).T.astype(np.int8),
        x0=end.n_fft / 2 / end.sample_rate,
        dx=end.frame_period_s,
        colorscale="Cividis",
        colorbar={"title": "dB", "thickness": 12, "outlinewidth": 0, "y": 0.33, "len": 0.66},
        row=2,
        col=1,
    )
    figure.update_yaxes(title="sample", row=1)
    figure.update_yaxes(title="mel band", row=2)
    figure.update_xaxes(title="seconds", row=2)
    subtitle = f"{end.sample_rate} samples a second become {1 / end.frame_period_s:.1f} frames of {end.n_mels} bands"
    return finish(figure, "From samples to log-mel", subtitle, dark, height=520)


def network(material: Material, dark: bool) -> go.Figure:
    """How long every convolution hears."""
    card = material.bundle.card
    layers = IntermediateOutputs.of_bundle(material.bundle).layers
    seconds = [card.front_end.n_samples(ly.timing.receptive_field_frames) / card.front_end.sample_rate for ly in layers]
    figure = go.Figure(
        go.Bar(
            y=[layer.name for layer in layers],
            x=seconds,
            orientation="h",
            text=[f"{layer.n_neurons} neurons, {value:.2f} s" for layer, value in zip(layers, seconds, strict=True)],
            marker={"color": accents(dark)[0]},
        )
    )
    figure.update_xaxes(title="receptive field [s]", range=[0, 1.35 * max(seconds)])
    figure.update_yaxes(autorange="reversed", title="convolution")
    hears = f"a step every {card.step_period_s:.2f} s hears the last {card.receptive_field_s:.1f} s"
    subtitle = f"{card.training['parameters']:,} parameters; {hears}"
    figure.update_traces(textposition="outside")
    return finish(figure, "How far each layer hears", subtitle, dark, height=200 + 38 * len(layers))


def steps(material: Material, dark: bool) -> go.Figure:
    """The medley's raw steps."""
    curve = material.curve
    title = "What each step says by itself"
    return figures.genre_curve(
        curve.times, curve.probabilities, curve.genres, state=curve.state, title=title, dark=dark
    )


def belief(material: Material, dark: bool) -> go.Figure:
    """The medley's belief."""
    curve = material.curve
    seen = curve.belief
    title = "What is believed given all of them"
    return figures.genre_curve(seen.times, seen.probabilities, curve.genres, state=seen.state, title=title, dark=dark)


def filters(material: Material, dark: bool) -> go.Figure:
    """How strongly each neuron of the last convolution fires, moment by moment."""
    card = material.bundle.card
    outputs = IntermediateOutputs.of_bundle(material.bundle)
    layer = outputs.layers[-1]
    with tempfile.NamedTemporaryFile(suffix=".tflite") as file:
        file.write(outputs.extractor_of([layer]))
        file.flush()
        fired = ActivationExtractor(file.name, [layer]).activations(material.log_mel)[layer.name]
    # Before that it hears padding.
    first = layer.first_whole_step
    fired = fired[first:]
    order = np.argsort(fired.argmax(axis=0))
    scale = np.maximum(np.quantile(np.abs(fired), 0.99, axis=0), 1e-9)
    figure = go.Figure(
        go.Heatmap(
            z=np.round(np.clip(fired / scale, 0, 1).T[order], 2),
            x0=first * layer.timing.step_frames * card.front_end.frame_period_s,
            dx=layer.timing.step_frames * card.front_end.frame_period_s,
            colorscale="Cividis",
            colorbar={"title": "share of its<br>strongest", "thickness": 12, "outlinewidth": 0, "tickformat": ".0%"},
        )
    )
    figure.update_xaxes(title="seconds")
    figure.update_yaxes(title="neuron, by its strongest moment")
    subtitle = f"{layer.n_neurons} neurons of {layer.name} on {_SECONDS:.0f} s of music that changes every 10 s"
    return finish(figure, "Which neurons fire when", subtitle, dark, height=520)


def attribution(material: Material, dark: bool) -> go.Figure:
    """What spoke for the genre at one moment."""
    return attribution_figure(material.attribution, dark=dark)


FIGURES: dict[str, Draw] = {
    "front_end": front_end,
    "network": network,
    "steps": steps,
    "belief": belief,
    "calibration": lambda material, dark: figures.reliability_diagram(material.evaluation, dark=dark),
    "filters": filters,
    "attribution": attribution,
    "confusion": lambda material, dark: figures.confusion_matrix(material.evaluation, dark=dark),
    "by_genre": lambda material, dark: figures.genre_scores(material.evaluation, dark=dark),
    "by_seconds": lambda material, dark: figures.accuracy_by_seconds(material.evaluation, dark=dark),
    "conditions": lambda material, dark: figures.accuracy_under_conditions(material.evaluation, dark=dark),
}


def write_figures(folder: Path) -> None:
    """Write every figure, light and dark, and the Markdown that shows the one that fits.

    What is there is kept as long as the library, this module and the model are what they were.

    Raises
    ------
    RuntimeError
        No browser draws images here.
    """
    stamp = folder / "made-from"
    made_from = _digest()
    if stamp.exists() and stamp.read_text() == made_from:
        return
    if find_browser() is None:
        raise RuntimeError("The documentation's figures are drawn by Chromium: install it, so that it is on the path.")
    material = Material()
    kinds = {"light": False, "dark": True}
    drawn = {f"{name}-{kind}": draw(material, dark) for name, draw in FIGURES.items() for kind, dark in kinds.items()}
    written = save_figures(drawn, folder, formats=("png",))
    if len(written) != len(drawn):
        raise RuntimeError("Chromium could not draw every figure of the documentation: see the warning above.")
    for name in FIGURES:
        words = alternative_text(drawn[f"{name}-light"]).replace("\n", " ")
        images = [
            f"```{{image}} /generated/figures/{name}-{kind}.png\n:class: only-{kind} figure\n:alt: {words}\n```"
            for kind in kinds
        ]
        (folder / f"{name}.md").write_text("\n\n".join(images) + "\n")
    stamp.write_text(made_from)


def _digest() -> str:
    """Of everything that a figure may depend on."""
    total = hashlib.sha256()
    library = Path(genre_lib.__file__).parent
    for path in [Path(__file__), *sorted(library.rglob("*.py")), *sorted(library.rglob("*.json"))]:
        total.update(path.read_bytes())
    for path in sorted(resource("data", "models").rglob("*.json")):
        total.update(path.read_bytes())
    return total.hexdigest()
