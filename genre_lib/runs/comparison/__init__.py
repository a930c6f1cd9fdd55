"""Many runs side by side: what was varied, how well each setting does, and which differences are more than noise."""

from genre_lib.figures.runs import learning_curves, parallel_coordinates, settings_figure
from genre_lib.runs.comparison.best import best_run, export_best
from genre_lib.runs.comparison.loading import FinishedRun, load_runs
from genre_lib.runs.comparison.run_tables import differences_table, runs_table, settings_table, sortable
from genre_lib.runs.comparison.settings import Setting, differences, settings_of, summary_of_comparison
from genre_lib.utils.parameters import varied_parameters

__all__ = [
    "FinishedRun",
    "Setting",
    "best_run",
    "differences",
    "differences_table",
    "export_best",
    "learning_curves",
    "load_runs",
    "parallel_coordinates",
    "runs_table",
    "settings_figure",
    "settings_of",
    "settings_table",
    "sortable",
    "summary_of_comparison",
    "varied_parameters",
]
