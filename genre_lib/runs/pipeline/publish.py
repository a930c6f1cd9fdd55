"""From a run's network and numbers to a model bundle."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from genre_lib.audio.front_end import FrontEnd
from genre_lib.bundle.card import Card
from genre_lib.bundle.files import Bundle
from genre_lib.bundle.names import model_name
from genre_lib.bundle.resources import resolve
from genre_lib.evaluation.held_out import HeldOut
from genre_lib.evaluation.medleys import StepGrid
from genre_lib.evaluation.refit import report_of_folds
from genre_lib.export.conversion import WeightType
from genre_lib.export.runtime_checks import RuntimeCheck
from genre_lib.export.write_bundle import write_bundle
from genre_lib.networks.receptive_field import timing_of
from genre_lib.runs.pipeline.assess import Assessment
from genre_lib.runs.pipeline.belief import HELD_OUT, belief_metrics, fitted_belief
from genre_lib.runs.pipeline.prepare import about
from genre_lib.runs.pipeline.train import FINAL, recipe_of, trained
from genre_lib.runs.run_folder import Run, library_versions
from genre_lib.training.recipe import Recipe
from genre_lib.utils.serialization import plain

SILENCE_DBFS = -80.0

LIMITS = (
    "It knows only the genres it was trained on: any other sound is forced among them or called unsure.",
    "It hears the sound of a genre as its training data had it, not its history, its words or its makers' intent.",
    "Not for decisions about people, their work or their pay.",
)


def publish(
    run: Run,
    *,
    name: str,
    version: str,
    description: str,
    licence: str,
    limits: str = "",
    tfjs_weights: WeightType = "uint16",
    smoothing_s: float = 3.0,
) -> Bundle:
    """Write the run's bundle: the network to ship with the card that says what was measured.

    Parameters
    ----------
    run : Run
        Trained and assessed.
    name, version, description, licence : str
        For the card; without name and description it is called after its data set.
    limits : str
        Sentences about this training data, separated by ``|``; the general ones follow.
    tfjs_weights : {"float32", "float16", "uint16", "uint8"}
    smoothing_s : float > 0 [s]
        As in `assess`.

    Raises
    ------
    BundleError
        An exported runtime disagrees with Keras; no bundle is left.
    """
    record, recipe = about(run), recipe_of(run)
    model = trained(run, final=True)
    assessment = Assessment.load(run.evaluation)
    evaluation = assessment.evaluation
    calibration = evaluation.calibration
    assert calibration is not None
    card = Card(
        name=name or model_name(record["name"]),
        version=version,
        description=description or f"A genre network trained on {record['name']} by the notebooks.",
        genres=tuple(record["genres"]),
        front_end=FrontEnd.from_dict(record["front_end"]),
        timing=timing_of(model),
        smoothing_s=smoothing_s,
        **calibration.for_card(),
        silence_dbfs=SILENCE_DBFS,
        limits=(
            *(part.strip() for part in limits.split("|") if part.strip()),
            *dict.fromkeys((*record["notes"], *calibration.notes)),
            *LIMITS,
        ),
        licence=licence,
        metrics=(
            *_metrics(assessment, shipped_is_measured=not (run.training / FINAL).exists()),
            *belief_metrics(run),
        ),
        training={
            "data_set": record["name"],
            "data_digest": record["digest"],
            "tracks_by_split": record["tracks_by_split"],
            "trained_on": "train + valid" if (run.training / FINAL).exists() else "train",
            "seed": recipe.training.seed,
            "parameters": int(model.count_params()),
            "recipe": _without_places(recipe),
        },
        report=_report(assessment),
        versions=library_versions(),
    )
    folds = report_of_folds(HeldOut.load(run.evaluation / HELD_OUT), card)
    card = replace(card, belief=fitted_belief(run, StepGrid.of(card)), report=card.report | folds)
    return write_bundle(run.bundle, model, card, tfjs_weights=tfjs_weights, recipe=recipe.to_yaml())


def summary_of_export(bundle: Bundle, checks: list[RuntimeCheck]) -> dict[str, Any]:
    """The export's numbers for metrics.json: sizes in bytes and differences from the golden values."""
    return {
        "bytes": sum(entry.size for entry in bundle.card.files.values()),
        "tfjs_bytes": sum(entry.size for name, entry in bundle.card.files.items() if name.startswith("tfjs/")),
        "differences": {f"{check.runtime} ({check.unit})": check.error for check in checks},
    }


def _metrics(assessment: Assessment, *, shipped_is_measured: bool) -> list[dict[str, Any]]:
    metrics = assessment.evaluation.card_metrics()
    calibrated = assessment.evaluation.calibration.card_metrics() if assessment.evaluation.calibration else []
    if calibrated:
        # Each data set by itself says more than both together.
        metrics = [entry for entry in metrics if not entry["name"].startswith("ece_")]
    if not shipped_is_measured:
        twin = "of a network trained on train alone by the same recipe; the one shipped was trained on train + valid"
        metrics = [entry | {"note": "; ".join(filter(None, [entry.get("note"), twin]))} for entry in metrics]
    # Calibration comes from the folds where there are any, else from valid; accuracy may be of another part.
    measured = _of_folds if assessment.validation.model is not None else _of_valid
    metrics = [measured(entry) if entry["name"].startswith("ece_") else entry for entry in metrics]
    for label, result in assessment.validation.named():
        seeds = f", {len(result.by_seed)} seeds" if len(result.by_seed) > 1 else ""
        metrics.append(
            {
                "name": f"{label}_accuracy",
                "value": result.accuracy.value,
                "interval": [result.accuracy.low, result.accuracy.high],
                "data_set": assessment.evaluation.data_set,
                "split": f"{len(result.by_fold)} artist-grouped folds{seeds}",
                "n": len(result.names),
                "note": result.model,
            }
        )
    for label, other in assessment.world.named():
        heard = other.notes[0] if other.notes else "no part of the training heard it"
        entry = {"name": f"{label}_accuracy", "note": f"{other.model}; {other.accuracy.method}; {heard}"}
        if other.notes:
            entry["split"] = f"{other.split}, artist-grouped folds"
        metrics.append(other.card_metrics()[0] | entry)
    return metrics + calibrated


def _of_valid(entry: dict[str, Any]) -> dict[str, Any]:
    return entry | {"split": "valid"}


def _of_folds(entry: dict[str, Any]) -> dict[str, Any]:
    note = str(entry.get("note", "")).split(";")[0]
    return entry | {"split": "artist-grouped folds", "note": note}


def _report(assessment: Assessment) -> dict[str, Any]:
    report = assessment.evaluation.card_report()
    if assessment.leak is not None:
        report["leak"] = plain(assessment.leak)
    if assessment.world.everything is not None:
        shown = ("data_set", "split", "accuracy", "per_genre", "confusion")
        report["world"] = [
            {name: other.card_report()[name] for name in shown}
            for other in (assessment.world.everything, assessment.world.clear)
            if other is not None
        ]
    return report


def _without_places(recipe: Recipe) -> dict[str, Any]:
    """The recipe with its data files by name and hash: their place on this machine is nobody's business."""
    values = recipe.to_dict()
    for source in values["labelled"]:
        source["music"] = _named(source["music"])
    for source in values["sources"]:
        source |= {key: _named(source[key]) for key in ("music", "taggers") if source[key] is not None}
    return values


def _named(path: str) -> dict[str, str]:
    with resolve(path).open("rb") as opened:
        return {"name": Path(path).name, "sha256": hashlib.file_digest(opened, "sha256").hexdigest()}
