"""Calibration: rows of known truth, planted to measure the checks' error rates."""
