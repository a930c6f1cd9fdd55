"""How good answers are: accuracy with intervals, calibration, robustness, and models compared with each other."""
