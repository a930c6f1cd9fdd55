"""What a reader of a reliability diagram must be told: where calibrating, or averaging over time, made it worse."""

from __future__ import annotations

import numpy as np

from genre_lib.evaluation.calibration import Calibration
from genre_lib.evaluation.span_calibration import SpanCalibration

# Differences of the ECE below this are not worth a sentence.
_WORTH_SAYING = 0.01


def calibration_remarks(calibration: Calibration) -> list[str]:
    """Sentences about spans whose cross-fitted ECE is worse than without a temperature, or than that of single steps.

    Parameters
    ----------
    calibration : Calibration

    Returns
    -------
    list of str
        Empty where temperatures and averaging do what they are there for.
    """
    step = calibration.spans[0]
    remarks = []
    for span in calibration.spans:
        if span.ece_after > span.ece_before + _WORTH_SAYING:
            remarks.append(
                f"The temperature of {span.name}, fitted on the other folds, makes this fold worse: "
                f"{span.n_clips} clips are too few for it"
            )
        # What chance alone adds: there are fewer answers of a longer span, so that its bins are noisier.
        by_chance = max(0.0, span.after.ece_by_chance - step.after.ece_by_chance)
        if span is not step and span.ece_after > step.ece_after + by_chance + _WORTH_SAYING:
            remarks.append(
                f"Averaging over {span.seconds:.2g} s moves answers away from their confidence "
                f"(ECE {span.ece_after:.3f} against {step.ece_after:.3f} of a step): {_direction(span)}"
            )
    return remarks


def _direction(span: SpanCalibration) -> str:
    weights = np.asarray(span.after.counts) / sum(span.after.counts)
    gap = float(weights @ (np.asarray(span.after.accuracy) - np.asarray(span.after.confidence)))
    return f"they are right {'more' if gap > 0 else 'less'} often than they claim"
