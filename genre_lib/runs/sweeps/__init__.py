"""Sweeps: the notebooks run many times, over a grid or a random sample of their parameters."""

from genre_lib.runs.sweeps.running import RunReport, run_sweep
from genre_lib.runs.sweeps.specification import Planned, Sweep

__all__ = ["Planned", "RunReport", "Sweep", "run_sweep"]
