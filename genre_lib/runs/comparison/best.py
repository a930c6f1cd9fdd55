"""From many runs to one bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from genre_lib.errors import RunError
from genre_lib.runs.comparison.loading import FinishedRun, load_runs
from genre_lib.runs.comparison.settings import settings_of

if TYPE_CHECKING:
    from genre_lib.bundle.files import Bundle


def best_run(runs: list[FinishedRun]) -> FinishedRun:
    """The run to ship: of the best setting, the one that is best on `valid`.

    Folds differ in how hard they are, so that the best single score is mostly the easiest fold.
    """
    done = [run for run in runs if run.state == "done"]
    if not done:
        raise RunError("None of these runs is done: let one finish first.")
    members = settings_of(done)[0].runs
    return max(members, key=lambda run: (run.valid_accuracy or 0.0, run.name))


def export_best(folder: str | Path, out: str | Path | None = None) -> Bundle:
    """Write the bundle of a run, or of the best run in a folder of runs.

    Parameters
    ----------
    folder : str or Path
        A run's or a sweep's.
    out : str or Path, optional
        By default `bundle/` in the run.

    Returns
    -------
    Bundle
        Checked against Keras. A run that was not evaluated is evaluated first: the card must say how good it is.

    Raises
    ------
    RunError, BundleError
    """
    import shutil

    from genre_lib.bundle.files import CARD, check_place, open_bundle, replaced_bundle
    from genre_lib.runs import pipeline

    if out is not None:
        check_place(out)
    chosen = best_run(load_runs(folder)).run
    if not (chosen.bundle / CARD).exists():
        if not (chosen.evaluation / "evaluation.json").exists():
            pipeline.assess(chosen, robustness=False)
        pipeline.publish(
            chosen,
            name=chosen.name,
            version="0.1.0",
            description=f"The run {chosen.name}, chosen among those in {Path(folder).name}.",
            licence="MIT",
        )
    if out is None:
        return open_bundle(chosen.bundle)
    with replaced_bundle(out) as draft:
        shutil.copytree(chosen.bundle, draft, dirs_exist_ok=True)
    return open_bundle(out)
