"""What the notebooks call: one function for each thing they show, working on a run folder."""

from genre_lib.pipeline.assess import (
    Assessment,
    assess,
    evaluation_figures,
    show_leak,
    summary_of_evaluation,
)
from genre_lib.pipeline.cross_validation import cross_validate_run
from genre_lib.pipeline.fitting import Machines
from genre_lib.pipeline.hear import explanation_of, hear_filters, players, summary_of_filters, why
from genre_lib.pipeline.prepare import prepare_data, prepared, summary_of_data
from genre_lib.pipeline.publish import publish, summary_of_export
from genre_lib.pipeline.train import summary_of_training, train, trained

__all__ = [
    "Assessment",
    "Machines",
    "assess",
    "cross_validate_run",
    "evaluation_figures",
    "explanation_of",
    "hear_filters",
    "players",
    "prepare_data",
    "prepared",
    "publish",
    "show_leak",
    "summary_of_data",
    "summary_of_evaluation",
    "summary_of_export",
    "summary_of_filters",
    "summary_of_training",
    "train",
    "trained",
    "why",
]
