"""Comparisons as tables."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from genre_lib.evaluation.intervals import Estimate
from genre_lib.runs.comparison.loading import FinishedRun
from genre_lib.runs.comparison.settings import Setting, differences
from genre_lib.utils.atomic import write_text
from genre_lib.utils.parameters import varied_parameters, word_of
from genre_lib.utils.templates import templates_beside

if TYPE_CHECKING:
    import pandas as pd
    from IPython.display import HTML

_template = templates_beside(__file__)


def runs_table(runs: Sequence[FinishedRun]) -> pd.DataFrame:
    """One row a run: what was varied in it, and its numbers, best first."""
    import pandas as pd

    varied = varied_parameters(runs)
    rows = [
        {
            "run": run.name,
            **{name: _shown(run.parameters.get(name)) for name in varied},
            "accuracy": None if run.evaluation is None else run.evaluation.accuracy.value,
            "valid accuracy": run.valid_accuracy,
            "valid loss": run.metrics.get("02_train", {}).get("valid_loss"),
            "epochs": run.metrics.get("02_train", {}).get("epochs"),
            "parameters": run.metrics.get("02_train", {}).get("parameters"),
            "minutes": _minutes(run),
            "state": run.state,
        }
        for run in sorted(runs, key=lambda run: -(run.score or 0.0))
    ]
    return pd.DataFrame(rows).dropna(axis="columns", how="all").round(4)


def settings_table(settings: Sequence[Setting]) -> pd.DataFrame:
    """One row a setting: mean over its folds and seeds with the interval, in percent."""
    import pandas as pd

    rows = [
        {
            "setting": setting.name,
            "runs": len(setting.runs),
            "accuracy, %": 100 * setting.score.value,
            "95 % interval": _interval(setting.score),
            "interval made by": setting.score.method,
        }
        for setting in settings
    ]
    return pd.DataFrame(rows).round(1)


def differences_table(settings: Sequence[Setting]) -> pd.DataFrame:
    """The best setting minus each other one, in points, paired; and fold by fold."""
    import pandas as pd

    rows = [
        {
            "best": d.best,
            "other": d.other,
            "points": 100 * d.difference.value,
            "95 % interval": _interval(d.difference),
            "more than noise": "yes" if d.real else "cannot be told",
            **{f"fold {fold}": 100 * value for fold, value in d.by_fold.items() if fold >= 0},
            "paired how": d.difference.method,
        }
        for d in differences(settings)
    ]
    return pd.DataFrame(rows).round(1)


def sortable(frame: pd.DataFrame, path: str | Path | None = None) -> HTML:
    """A table whose columns sort when their heads are pressed; also written as a page of its own if `path` is given."""
    from IPython.display import HTML

    rows = [[None if _is_missing(value) else value for value in row] for row in frame.to_numpy(object).tolist()]
    head = "".join(f'<th><button type="button">{html.escape(str(name))}</button></th>' for name in frame.columns)
    body = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in rows)
    text = Template(_template("sortable.html")).substitute(head=head, body=body)
    if path is not None:
        write_text(
            Path(path), f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Runs</title>{text}</html>\n'
        )
    shown: HTML = HTML(text)  # type: ignore[no-untyped-call]
    return shown


def _cell(value: Any) -> str:
    shown = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    return f"<td data-value='{html.escape(json.dumps(value, default=str), quote=True)}'>{html.escape(shown)}</td>"


def _shown(value: Any) -> Any:
    return value if isinstance(value, int | float) else word_of(value)


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _interval(estimate: Estimate) -> str:
    if math.isnan(estimate.low):
        return "not known"
    return f"{100 * estimate.low:.1f} to {100 * estimate.high:.1f}"


def _minutes(run: FinishedRun) -> float | None:
    seconds = [row["seconds"] for row in run.history if "seconds" in row]
    return sum(seconds) / 60 if seconds else None
