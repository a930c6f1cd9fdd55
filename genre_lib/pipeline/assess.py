"""From a trained network to honest numbers: evaluation, calibration, cross-validation, and the leak shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.calibration import calibrate
from genre_lib.comparison import (
    CrossValidation,
    FoldAnswers,
    LeakDemonstration,
    compare,
    cross_validation,
    leak_demonstration,
)
from genre_lib.datasets import Features
from genre_lib.errors import DataSetError
from genre_lib.evaluation import Answers, Evaluation, evaluate
from genre_lib.pipeline.prepare import about, prepared
from genre_lib.pipeline.train import fit_recipe, recipe_of, trained
from genre_lib.recipe import Recipe
from genre_lib.robustness import accuracy_by_gain, accuracy_under, log_mel_treatments
from genre_lib.runs import Run, read_json, write_json
from genre_lib.splits import grouped_folds, split_data_set
from genre_lib.timing import Timing

if TYPE_CHECKING:
    import keras
    import plotly.graph_objects as go

EVALUATION = "evaluation.json"
CROSS_VALIDATION = "cross_validation.json"
BASELINE = "baseline.json"
LEAK = "leak.json"

Report = Callable[[str], None]


@dataclass(frozen=True)
class Validation:
    """Cross-validated accuracies of a run's network and, if asked for, of a baseline on the same folds."""

    model: CrossValidation | None = None
    baseline: CrossValidation | None = None

    def sentences(self) -> list[str]:
        """The results in words; empty where nothing was cross-validated."""
        found = [f"{result.model}: {result.accuracy}" for result in (self.model, self.baseline) if result is not None]
        if self.model is not None and self.baseline is not None:
            found.append(compare(self.model, self.baseline).sentence())
        return found


@dataclass(frozen=True)
class Assessment:
    """Everything that notebook 03 found; whatever was not asked for is None."""

    evaluation: Evaluation
    validation: Validation = Validation()
    leak: LeakDemonstration | None = None

    @classmethod
    def load(cls, folder: Path) -> Assessment:
        """Read what `assess`, `cross_validate` and `demonstrate_leak` saved in a run's evaluation folder."""

        def optional(name: str, kind: Any) -> Any:
            values = read_json(folder / name, missing={})
            return kind.from_dict(values) if values else None

        return cls(
            Evaluation.load(folder / EVALUATION),
            Validation(optional(CROSS_VALIDATION, CrossValidation), optional(BASELINE, CrossValidation)),
            optional(LEAK, LeakDemonstration),
        )


def assess(run: Run, *, split: str = "", smoothing_s: float = 3.0, robustness: bool = True) -> Evaluation:
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

    Returns
    -------
    Evaluation
        Saved in the run's evaluation folder. Temperatures and thresholds come from out-of-fold answers where the run
        was cross-validated, else from `valid`.
    """
    features = prepared(run)
    record = about(run)
    present = set(features.data_set.splits())
    split = split or ("test" if "test" in present else "valid")
    part = features.subset(split)
    model, front_end = trained(run), part.data_set.front_end
    assert front_end is not None
    timing = Timing.of(model)
    period_s = timing.step_frames * front_end.frame_period_s
    first_s = front_end.n_samples(timing.first_frame + timing.receptive_field_frames) / front_end.sample_rate
    predict = predictor(model)

    labels, groups = part.data_set.labels(), known_groups(part)
    held_out = _out_of_fold(run) or _answered(features.subset("valid"), predict)
    calibration = calibrate(
        held_out.step_logits, held_out.labels, step_period_s=period_s, smoothing_s=smoothing_s, groups=held_out.groups
    )
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
        notes=[*record["notes"], *_early_stopping_note(run, split)],
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


def cross_validate_run(
    run: Run, *, folds: int = 5, seeds: int = 1, baseline: str = "", report: Report = print
) -> Validation:
    """Cross-validate the run's recipe and, if named, a baseline network with its defaults; 0 folds do nothing."""
    if folds == 0:
        return Validation()
    options: dict[str, Any] = {"folds": folds, "seeds": range(seeds), "report": report}
    recipe = recipe_of(run)
    model = cross_validate(run, recipe, **options)
    if not baseline:
        return Validation(model)
    # The baseline is a method too: its own network and the plain training it was published with.
    return Validation(model, cross_validate(run, Recipe.of_network(baseline), name=BASELINE, **options))


def cross_validate(
    run: Run,
    recipe: Recipe,
    *,
    name: str = CROSS_VALIDATION,
    folds: int = 5,
    seeds: Sequence[int] = (0,),
    report: Report = print,
) -> CrossValidation:
    """Train on all folds but one, answer the one, for every fold and seed; artists never cross.

    Every finished fold is kept, so that a killed run goes on with the next one.

    Parameters
    ----------
    run : Run
        With prepared data; its train and valid parts are used, never `test`.
    recipe : Recipe
    name : str
        Of the result's file in the run's evaluation folder.
    folds : int >= 2
    seeds : sequence of int
        Of weights, order and augmentation; the folds stay the same.
    """
    features = prepared(run)
    pool = features.subset(*({"train", "valid"} & set(features.data_set.splits())))
    labels = pool.data_set.labels()
    fold_of = grouped_folds(labels, pool.data_set.groups(), folds)
    runs: list[FoldAnswers] = []
    for seed in seeds:
        seeded = replace(recipe, training=replace(recipe.training, seed=seed, patience=None))
        for fold in range(folds):
            path = run.evaluation / Path(name).stem / f"seed{seed}-fold{fold}.npz"
            held_out = pool.select(np.flatnonzero(fold_of == fold))
            if not path.exists():
                report(f"seed {seed}, fold {fold + 1} of {folds}")
                rest = pool.select(np.flatnonzero(fold_of != fold))
                fitted = fit_recipe(seeded, rest, folder=path.with_suffix(""), report=report)
                _answered(held_out, predictor(fitted.model)).save(path)
            runs.append(FoldAnswers(fold, seed, _StepAnswers.load(path).answers()))
    result = cross_validation(recipe.network, runs)
    write_json(run.evaluation / name, result.to_dict())
    return result


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
    recipe = replace(recipe, training=replace(recipe.training, epochs=epochs, patience=None), imitation=None)
    parts: dict[str, Any] = {}
    fractions = {"train": 0.7, "test": 0.3}
    for kind in ("random", "grouped"):
        report(f"{kind} split")
        undecided = features.data_set.with_splits([None] * len(features))
        split = features.with_splits(split_data_set(undecided, kind, fractions=fractions, seed=recipe.training.seed))
        result = fit_recipe(recipe, split.subset("train"), folder=run.evaluation / "leak" / kind, report=report)
        answered = _answered(split.subset("test"), predictor(result.model))
        parts[kind] = answered.answers(), split.subset("train").data_set.groups()
    leak = leak_demonstration(
        parts["random"][0],
        parts["grouped"][0],
        train_groups_random=parts["random"][1],
        train_groups_artist_aware=parts["grouped"][1],
    )
    write_json(run.evaluation / LEAK, leak.to_dict())
    return leak


def evaluation_figures(assessment: Assessment, *, dark: bool = False) -> dict[str, go.Figure]:
    """Every figure that an assessment has results for, by name."""
    from genre_lib import figures

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
    if assessment.leak is not None:
        drawn["leak"] = figures.leak_demonstration(assessment.leak, dark=dark)
    return drawn


def summary_of_evaluation(run: Run) -> dict[str, Any]:
    """The evaluation's numbers for metrics.json."""
    assessment = Assessment.load(run.evaluation)
    evaluation, calibration = assessment.evaluation, assessment.evaluation.calibration
    values: dict[str, Any] = {
        "split": evaluation.split,
        "accuracy": evaluation.accuracy.to_dict(),
        "step_accuracy": evaluation.step_accuracy.to_dict(),
        "macro_f1": evaluation.macro_f1,
        "calibration": [span.summary() for span in calibration.spans] if calibration else [],
    }
    for name, result in (
        ("cross_validation", assessment.validation.model),
        ("baseline", assessment.validation.baseline),
    ):
        if result is not None:
            values[name] = result.accuracy.to_dict() | {"network": result.model, "sd_over_seeds": result.sd_over_seeds}
    if assessment.leak is not None:
        values["leak"] = {
            "random": assessment.leak.random.value,
            "artist_aware": assessment.leak.artist_aware.value,
            "shared_random": assessment.leak.shared_random,
        }
    return values


def predictor(model: keras.Model) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """A function from log-mel (n_frames, n_mels) to step logits (n_steps, n_genres).

    Compiled once for any length: an evaluation asks thousands of times, and layer by layer is three times slower.
    """
    from genre_lib.tensorflow_setup import tf

    any_clip = tf.TensorSpec((1, None, model.input.shape[-1]), tf.float32)
    steps = tf.function(lambda clip: model(clip, training=False)["step_logits"], input_signature=[any_clip])
    return lambda log_mel: np.asarray(steps(np.asarray(log_mel, np.float32)[None]))[0]


def known_groups(features: Features) -> tuple[str, ...] | None:
    """Group of each track, or None where not a single one is known."""
    if all(track.group is None for track in features.tracks):
        return None
    return features.data_set.groups()


@dataclass(frozen=True, eq=False)
class _StepAnswers:
    """Step logits of clips that a network was not trained on."""

    names: tuple[str, ...]
    labels: NDArray[np.int64]
    groups: tuple[str, ...] | None
    step_logits: list[NDArray[np.float32]]

    def answers(self) -> Answers:
        means = tuple(tuple(map(float, logits.mean(axis=0))) for logits in self.step_logits)
        return Answers(self.names, tuple(map(int, self.labels)), self.groups, means)

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"draft-{path.name}")
        np.savez(
            draft,
            names=np.array(self.names),
            labels=self.labels,
            groups=np.array(self.groups or ()),
            lengths=np.array([len(logits) for logits in self.step_logits]),
            step_logits=np.concatenate(self.step_logits),
        )
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> _StepAnswers:
        with np.load(path) as stored:
            step_logits = np.split(stored["step_logits"], np.cumsum(stored["lengths"])[:-1])
            groups = tuple(map(str, stored["groups"])) or None
            return cls(tuple(map(str, stored["names"])), stored["labels"], groups, step_logits)


def _answered(part: Features, predict: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> _StepAnswers:
    names = tuple(track.name for track in part.tracks)
    return _StepAnswers(
        names, part.data_set.labels(), known_groups(part), [predict(log_mel) for log_mel in part.log_mels]
    )


def _out_of_fold(run: Run) -> _StepAnswers | None:
    """Held-out answers of the first seed's folds, where the run was cross-validated."""
    paths = sorted((run.evaluation / Path(CROSS_VALIDATION).stem).glob("seed*-fold*.npz"))
    if not (run.evaluation / CROSS_VALIDATION).exists() or not paths:
        return None
    first_seed = paths[0].name.split("-")[0]
    folds = [_StepAnswers.load(path) for path in paths if path.name.startswith(f"{first_seed}-")]
    groups = None if folds[0].groups is None else tuple(group for fold in folds for group in fold.groups or ())
    return _StepAnswers(
        tuple(name for fold in folds for name in fold.names),
        np.concatenate([fold.labels for fold in folds]),
        groups,
        [logits for fold in folds for logits in fold.step_logits],
    )


def _early_stopping_note(run: Run, split: str) -> list[str]:
    if split == "valid" and recipe_of(run).training.patience is not None:
        return [
            "The part that was measured also decided when training stopped, so that its accuracy is a little too high."
        ]
    return []
