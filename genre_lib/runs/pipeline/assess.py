"""From a trained network to honest numbers: evaluation, calibration, cross-validation, and the leak shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genre_lib.datasets.splits import split_data_set
from genre_lib.errors import DataSetError
from genre_lib.evaluation.calibration import Calibration
from genre_lib.evaluation.held_out import HeldOut
from genre_lib.evaluation.model_comparison import LeakDemonstration, compare, leak_demonstration
from genre_lib.evaluation.refit import calibrated
from genre_lib.evaluation.robustness import accuracy_by_gain, accuracy_under, log_mel_treatments
from genre_lib.evaluation.scores import Evaluation, evaluate
from genre_lib.networks.receptive_field import timing_of
from genre_lib.runs.pipeline.answers import answered, known_groups, predictor
from genre_lib.runs.pipeline.belief import HELD_OUT, HELD_OUT_WORLD
from genre_lib.runs.pipeline.cross_validation import Validation, out_of_fold
from genre_lib.runs.pipeline.prepare import about, prepared
from genre_lib.runs.pipeline.recipe_training import fit_recipe
from genre_lib.runs.pipeline.train import recipe_of, trained
from genre_lib.runs.pipeline.world import World, world_answers
from genre_lib.runs.run_folder import Run
from genre_lib.training.recipe import Recipe
from genre_lib.utils.json_files import read_json, write_json
from genre_lib.utils.serialization import plain, structured

if TYPE_CHECKING:
    import plotly.graph_objects as go

EVALUATION = "evaluation.json"
LEAK = "leak.json"

Report = Callable[[str], None]


@dataclass(frozen=True)
class Assessment:
    """Everything that notebook 03 found; whatever was not asked for is None."""

    evaluation: Evaluation
    validation: Validation = field(default_factory=Validation)
    leak: LeakDemonstration | None = None
    world: World = field(default_factory=World)

    @classmethod
    def load(cls, folder: Path) -> Assessment:
        """Read what notebook 03 saved in a run's evaluation folder."""
        leak = read_json(folder / LEAK, missing={})
        return cls(
            Evaluation.load(folder / EVALUATION),
            Validation.load(folder),
            structured(leak, LeakDemonstration) if leak else None,
            World.load(folder),
        )


def assess(
    run: Run, *, split: str = "", smoothing_s: float = 3.0, robustness: bool = True, world: str = ""
) -> Evaluation:
    """Evaluate and calibrate the run's network on a part it was not trained on.

    Parameters
    ----------
    run : Run
        With a trained network.
    split : str
        By default `test` where there is one, else `valid`.
    smoothing_s : float > 0 [s]
        Span of the smoothed curve that its temperature is fitted for.
    robustness : bool
        Also measure accuracy under gains, filters, noise and codecs.
    world : str
        A second data set to calibrate for as well, see `genre_lib.runs.pipeline.world`.

    Returns
    -------
    Evaluation
        Saved in the run's evaluation folder. Temperatures and thresholds come from out-of-fold answers where the run
        was cross-validated, else from `valid`; these held-out answers are saved too, step by step.
    """
    features = prepared(run)
    record = about(run)
    present = set(features.data_set.splits())
    split = split or ("test" if "test" in present else "valid")
    part = features.subset(split)
    model, front_end = trained(run), part.data_set.front_end
    assert front_end is not None
    timing = timing_of(model)
    period_s = timing.step_frames * front_end.frame_period_s
    first_s = front_end.n_samples(timing.first_frame + timing.receptive_field_frames) / front_end.sample_rate
    predict = predictor(model)

    labels, groups = part.data_set.labels(), known_groups(part)
    held_out = out_of_fold(run)
    if held_out is None:
        held_out = answered(features.subset("valid"), predict).held_out(record["name"], record["genres"])
    held_out.save(run.evaluation / HELD_OUT)
    calibration = _calibrated(run, held_out, world, period_s, smoothing_s)
    evaluation = evaluate(
        [predict(log_mel) for log_mel in part.log_mels],
        labels,
        genres=part.data_set.genres,
        data_set=record["name"],
        split=split,
        step_period_s=period_s,
        first_step_s=first_s,
        model=recipe_of(run).network,
        names=[track.name for track in part.tracks],
        groups=groups,
        calibration=calibration,
        notes=[*record["notes"], *calibration.notes, *_early_stopping_note(run, split)],
    )
    if robustness:
        options: dict[str, Any] = {"groups": groups}
        evaluation = replace(
            evaluation,
            by_gain=accuracy_by_gain(predict, part.log_mels, labels, front_end=front_end, **options),
            conditions=accuracy_under(predict, part.log_mels, labels, log_mel_treatments(front_end), **options),
        )
    evaluation.save(run.evaluation / EVALUATION)
    return evaluation


def _calibrated(run: Run, held_out: HeldOut, world: str, step_period_s: float, smoothing_s: float) -> Calibration:
    """Temperatures and thresholds from held-out answers, and from a second data set as much where there is one."""
    parts = [held_out]
    if world:
        parts.append(world_answers(run, world))
        parts[1].save(run.evaluation / HELD_OUT_WORLD)
    return calibrated(parts, step_period_s=step_period_s, smoothing_s=smoothing_s)


def show_leak(run: Run, *, epochs: int = 10, report: Report = print) -> LeakDemonstration | None:
    """`demonstrate_leak` with the run's recipe; None with 0 epochs or where no artist is known."""
    if epochs == 0 or known_groups(prepared(run)) is None:
        return None
    return demonstrate_leak(run, recipe_of(run), epochs=epochs, report=report)


def demonstrate_leak(run: Run, recipe: Recipe, *, epochs: int = 10, report: Report = print) -> LeakDemonstration:
    """The same short training on a random and on an artist-aware split of the same tracks, side by side.

    Raises
    ------
    DataSetError
        No artist is known: there is nothing to show.
    """
    features = prepared(run)
    if known_groups(features) is None:
        raise DataSetError(f"No artist is known in {features.data_set.name}: a leak cannot be shown without artists.")
    recipe = replace(
        recipe, training=replace(recipe.training, epochs=epochs, patience=None), sources=(), labelled=(), teachers=0
    )
    parts: dict[str, Any] = {}
    fractions = {"train": 0.7, "test": 0.3}
    for kind in ("random", "grouped"):
        report(f"{kind} split")
        undecided = features.data_set.with_splits([None] * len(features))
        split = features.with_splits(split_data_set(undecided, kind, fractions=fractions, seed=recipe.training.seed))
        result = fit_recipe(recipe, split.subset("train"), folder=run.evaluation / "leak" / kind, report=report)
        test = answered(split.subset("test"), predictor(result.model))
        parts[kind] = test.answers(), split.subset("train").data_set.groups()
    leak = leak_demonstration(
        parts["random"][0],
        parts["grouped"][0],
        train_groups_random=parts["random"][1],
        train_groups_artist_aware=parts["grouped"][1],
    )
    write_json(run.evaluation / LEAK, plain(leak))
    return leak


def evaluation_figures(assessment: Assessment, *, dark: bool = False) -> dict[str, go.Figure]:
    """Every figure that an assessment has results for, by name."""
    from genre_lib.figures import evaluation as figures

    evaluation, validation = assessment.evaluation, assessment.validation
    drawn = {
        "confusion": figures.confusion_matrix(evaluation, dark=dark),
        "by_genre": figures.genre_scores(evaluation, dark=dark),
        "by_seconds": figures.accuracy_by_seconds(evaluation, dark=dark),
    }
    if evaluation.calibration is not None:
        drawn["reliability"] = figures.reliability_diagram(evaluation, dark=dark)
    if evaluation.by_gain:
        drawn["by_gain"] = figures.accuracy_by_gain(evaluation, dark=dark)
    if evaluation.conditions:
        drawn["conditions"] = figures.accuracy_under_conditions(evaluation, dark=dark)
    if validation.model is not None and validation.baseline is not None:
        drawn["baseline"] = figures.model_comparison(compare(validation.model, validation.baseline), dark=dark)
    if assessment.world.everything is not None:
        drawn["world"] = figures.confusion_matrix(assessment.world.everything, dark=dark)
    if assessment.leak is not None:
        drawn["leak"] = figures.leak_demonstration(assessment.leak, dark=dark)
    return drawn


def summary_of_evaluation(run: Run) -> dict[str, Any]:
    """The evaluation's numbers for metrics.json."""
    assessment = Assessment.load(run.evaluation)
    evaluation, calibration = assessment.evaluation, assessment.evaluation.calibration
    values: dict[str, Any] = {
        "split": evaluation.split,
        "accuracy": plain(evaluation.accuracy),
        "step_accuracy": plain(evaluation.step_accuracy),
        "macro_f1": evaluation.macro_f1,
        "calibration": [span.summary() for span in calibration.spans] if calibration else [],
    }
    for name, result in assessment.validation.named():
        values[name] = plain(result.accuracy) | {"network": result.model, "sd_over_seeds": result.sd_over_seeds}
    for name, other in assessment.world.named():
        values[name] = plain(other.accuracy) | {"data_set": other.data_set}
    if assessment.leak is not None:
        values["leak"] = {
            "random": assessment.leak.random.value,
            "artist_aware": assessment.leak.artist_aware.value,
            "shared_random": assessment.leak.shared_random,
        }
    return values


def _early_stopping_note(run: Run, split: str) -> list[str]:
    if split == "valid" and recipe_of(run).training.patience is not None:
        return [
            "The part that was measured also decided when training stopped, so that its accuracy is a little too high."
        ]
    return []
