"""Results as tables for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genre_lib.datasets import Features
from genre_lib.evaluation.belief_scores import BeliefEvaluation
from genre_lib.evaluation.intervals import Estimate
from genre_lib.evaluation.model_comparison import compare
from genre_lib.evaluation.scores import Evaluation

if TYPE_CHECKING:
    import pandas as pd

    from genre_lib.export.runtime_checks import RuntimeCheck
    from genre_lib.runs.pipeline.cross_validation import Validation


def tracks_by_genre(features: Features) -> pd.DataFrame:
    """Number of tracks of each genre in each split, and of known artists."""
    import pandas as pd

    rows = [(t.genre, t.split, t.group) for t in features.tracks]
    frame = pd.DataFrame(rows, columns=["genre", "split", "artist"])
    counts = pd.crosstab(frame["genre"], frame["split"].fillna("none"))
    counts["artists"] = frame.groupby("genre")["artist"].nunique()
    return counts


def skipped_tracks(features: Features) -> pd.DataFrame:
    """Tracks left out, each with the reason."""
    import pandas as pd

    return pd.DataFrame([(track.name, reason) for track, reason in features.skipped], columns=["track", "why"])


def scores_by_genre(evaluation: Evaluation) -> pd.DataFrame:
    """Precision, recall and F1 of each genre, in percent with 95 % intervals."""
    import pandas as pd

    rows = [
        (score.genre, score.n_clips, _percent(score.precision), _percent(score.recall), score.f1)
        for score in evaluation.per_genre
    ]
    columns = ["genre", "clips", "precision", "recall", "F1"]
    return pd.DataFrame(rows, columns=columns).set_index("genre").round(2)


def models_on_the_same_folds(validation: Validation) -> pd.DataFrame:
    """Accuracy by artist of each cross-validated model, and how far it is ahead of the baseline [percent, points]."""
    import pandas as pd

    rows = []
    for _, result in validation.named():
        ahead = None
        if validation.baseline is not None and result is not validation.baseline:
            ahead = compare(result, validation.baseline).difference
        rows.append(
            {
                "model": result.model,
                "accuracy": _percent(result.accuracy),
                "sd over seeds": f"{100 * result.sd_over_seeds:.1f}" if len(result.by_seed) > 1 else "",
                "folds": " ".join(f"{100 * value:.0f}" for value in result.by_fold.values()),
                "seeds": len(result.by_seed),
                "ahead of the baseline": _percent(ahead),
            }
        )
    return pd.DataFrame(rows)


def calibration_by_span(evaluation: Evaluation) -> pd.DataFrame:
    """Temperature, calibration error and `unsure` threshold of each span."""
    import pandas as pd

    spans = evaluation.calibration.spans if evaluation.calibration else ()
    return pd.DataFrame([span.summary() for span in spans]).round(3)


def beliefs_on_medleys(scores: BeliefEvaluation) -> pd.DataFrame:
    """The belief beside a moving mean and one genre for all; shares in percent, `right` with its 95 % interval."""
    import pandas as pd

    rows = [
        {
            "music": f"{score.part}, {score.material}",
            "shown": score.method,
            "right": _percent(score.right),
            "log loss": round(score.log_loss, 3),
            "ECE": round(score.ece, 3),
            "coverage at 80 % right": f"{100 * score.coverage:.0f}",
            "named": f"{100 * score.named:.0f}",
            "of it right": "-" if score.named_right is None else f"{100 * score.named_right:.0f}",
            "boundary F1": "" if score.boundary_f1 is None else f"{score.boundary_f1:.2f}",
            "delay [s]": "" if score.delay_s is None else f"{score.delay_s:.1f}",
        }
        for score in scores.scores
    ]
    return pd.DataFrame(rows).set_index(["music", "shown"])


def runtime_checks(checks: list[RuntimeCheck]) -> pd.DataFrame:
    """How far each runtime is from the golden values."""
    import pandas as pd

    rows = [(c.runtime, c.error, c.unit, c.tolerance, c.note or ("ok" if c.ok else "differs")) for c in checks]
    return pd.DataFrame(rows, columns=["runtime", "largest difference", "unit", "at most", "verdict"])


def _percent(estimate: Estimate | None) -> str:
    if estimate is None:
        return "-"
    return f"{100 * estimate.value:.0f} ({100 * estimate.low:.0f} to {100 * estimate.high:.0f})"
