"""From a trained Keras network to a bundle, and a bundle made anew from its own network."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from genre_lib.bundle.card import Card
from genre_lib.bundle.files import (
    GOLDEN,
    KERAS,
    LITERT,
    MEL,
    NEURONS,
    ONNX,
    RECIPE,
    TFJS,
    Bundle,
    check_place,
    open_bundle,
    open_to_change,
    replaced_bundle,
    seal,
)
from genre_lib.bundle.golden import PROBABILITY_TOLERANCE
from genre_lib.errors import BundleError
from genre_lib.export.conversion import WeightType, write_litert, write_tfjs
from genre_lib.export.golden_values import make_golden
from genre_lib.export.onnx import write_onnx
from genre_lib.export.runtime_checks import check_bundle
from genre_lib.export.stored_weights import SHARED_TYPES, take_stored_weights
from genre_lib.filters.intermediate_outputs import neurons_json
from genre_lib.networks.keras_files import keras_outputs, load_keras, with_step_features
from genre_lib.networks.receptive_field import is_recurrent, timing_of
from genre_lib.utils.atomic import write_text

# Largest error in probability that a weight type may cause on the golden signal.
QUANTISATION_TOLERANCE: dict[str, float] = {
    "float32": PROBABILITY_TOLERANCE,
    "uint16": PROBABILITY_TOLERANCE,
    "float16": 2e-3,
    "uint8": 2e-2,
}

_MADE_HERE = (KERAS, LITERT, ONNX, MEL, GOLDEN, NEURONS)


def write_bundle(
    folder: str | Path,
    model: Any,
    card: Card,
    *,
    tfjs_weights: WeightType = "uint16",
    recipe: str | None = None,
    others: Mapping[str, bytes] | None = None,
) -> Bundle:
    """Write a bundle, hold every runtime at hand to its golden values, and only then put it in place.

    Parameters
    ----------
    folder : str or Path
        Replaced as a whole if it exists.
    model : keras.Model
        With outputs `step_logits` and `clip_logits`; only standard layers. Its layer `step_features` becomes an output.
    card : Card
        Without `files`, which are filled in.
    tfjs_weights : {"float32", "float16", "uint16", "uint8"}
        How the page's copy stores its weights; the tolerance of its check follows from it. In 16 bits they are the
        bundle's: every file gets the numbers that the page has, and `model` stays as it is.
    recipe : str, optional
        Content of recipe.yaml: the parameters that rebuild this bundle.
    others : mapping of str to bytes, optional
        Contents of further files, by their relative path.

    Raises
    ------
    BundleError
        The network is recurrent, an export failed or a runtime disagrees, so that nothing is left behind; or other
        things than a bundle lie in the folder.
    """
    if is_recurrent(model):
        raise BundleError(
            f"The network {model.name} remembers all of the past, so that a live stream and a file would differ: it "
            "can be trained and measured, but a bundle needs a network with a receptive field, such as residual."
        )
    folder = Path(folder)
    model = with_step_features(model)
    tolerance = QUANTISATION_TOLERANCE[tfjs_weights]
    card = replace(card, training=card.training | {"quantisation": {"tfjs": tfjs_weights, "tolerance": tolerance}})
    with replaced_bundle(folder) as draft:
        for name, content in (others or {}).items():
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            (draft / name).write_bytes(content)
        model.save(draft / KERAS)
        with _saved_model(model) as exported:
            write_tfjs(exported, draft / TFJS, tfjs_weights)
        if tfjs_weights in SHARED_TYPES:
            # A copy, since the caller's network stays as it is.
            model = load_keras(draft / KERAS)
            take_stored_weights(model, (draft / TFJS).parent)
            model.save(draft / KERAS)
        with _saved_model(model) as exported:
            write_litert(exported, draft / LITERT)
        filter_bank = card.front_end.filter_bank()
        write_onnx(draft / ONNX, model, card.front_end, filter_bank, card.genres)
        (draft / MEL).write_bytes(filter_bank.astype("<f4").tobytes())
        golden = make_golden(card.front_end, lambda log_mel: keras_outputs(model, log_mel))
        write_text(draft / GOLDEN, golden.to_json())
        if (neurons := neurons_json(model, draft / LITERT)) is not None:
            write_text(draft / NEURONS, neurons)
        if recipe is not None:
            write_text(draft / RECIPE, recipe)
        bundle = seal(draft, card)
        for check in check_bundle(bundle):
            if not check.ok:
                raise BundleError(
                    f"The exported {check.runtime} is {check.error:.2g} {check.unit} from the golden values, more than "
                    f"{check.tolerance:g}: the bundle was not written."
                )
    return open_bundle(folder)


@contextmanager
def _saved_model(model: Any) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, verbose=False)
        yield folder


def rebuild_bundle(
    folder: str | Path, *, out: str | Path | None = None, network: str | Path | None = None, card: Card | None = None
) -> Bundle:
    """Make every exported file of a bundle anew from its model.keras; the card and other files stay.

    A bundle of an earlier version gains what it lacks, such as model.onnx and step features, and loses nothing.

    Parameters
    ----------
    folder : str or Path
        The bundle.
    out : str or Path, optional
        Where to; by default in its place.
    network : str or Path, optional
        Another Keras file instead of the bundle's own, with the same genres and timing.
    card : Card, optional
        Instead of the bundle's own, such as one with newly measured numbers.

    Raises
    ------
    BundleError
        The bundle is damaged, the network does not fit its card, or a runtime disagrees; nothing is changed.

    Examples
    --------
    >>> rebuild_bundle("data/models/gtzan", network="runs/new/bundle/model.keras")  # doctest: +SKIP
    """
    bundle = open_bundle(folder) if out else open_to_change(folder)
    check_place(out or folder)
    card = bundle.card if card is None else card
    model = load_keras(bundle.folder / KERAS if network is None else Path(network))
    n_genres = model.output["step_logits"].shape[-1]
    if n_genres != len(card.genres) or timing_of(model) != card.timing:
        raise BundleError(
            f"The network has {n_genres} genres and {timing_of(model)}, which is not what the card of {folder} says: "
            "give the card that belongs to it."
        )
    kept = {
        name: (bundle.folder / name).read_bytes()
        for name in bundle.card.files
        if name not in _MADE_HERE and not name.startswith("tfjs/")
    }
    weights = card.training.get("quantisation", {}).get("tfjs", "uint16")
    return write_bundle(out or folder, model, card, tfjs_weights=weights, others=kept)
