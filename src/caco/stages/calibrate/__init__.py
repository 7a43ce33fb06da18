"""Calibration: planted rows, known to be right or wrong, measure the error rates of the checks."""
