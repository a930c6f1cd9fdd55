"""What the notebooks call: one function for each thing they show, working on a run folder."""

from genre_lib.runs.pipeline.assess import (
    Assessment,
    assess,
    evaluation_figures,
    show_leak,
    summary_of_evaluation,
)
from genre_lib.runs.pipeline.belief import judge_belief, medley_figures, step_grid
from genre_lib.runs.pipeline.cross_validation import cross_validate_run
from genre_lib.runs.pipeline.interpret import attribution_of, find_run_filters, players, summary_of_filters, why
from genre_lib.runs.pipeline.prepare import prepare_data, prepared, summary_of_data
from genre_lib.runs.pipeline.publish import publish, summary_of_export
from genre_lib.runs.pipeline.recipe_training import ExecutorOptions
from genre_lib.runs.pipeline.train import summary_of_training, train, trained
from genre_lib.runs.pipeline.world import World, assess_world

__all__ = [
    "Assessment",
    "ExecutorOptions",
    "World",
    "assess",
    "assess_world",
    "attribution_of",
    "cross_validate_run",
    "evaluation_figures",
    "find_run_filters",
    "judge_belief",
    "medley_figures",
    "players",
    "prepare_data",
    "prepared",
    "publish",
    "show_leak",
    "step_grid",
    "summary_of_data",
    "summary_of_evaluation",
    "summary_of_export",
    "summary_of_filters",
    "summary_of_training",
    "train",
    "trained",
    "why",
]
