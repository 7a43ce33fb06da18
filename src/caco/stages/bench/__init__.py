"""Benchmarks: base and student answer held-out problems; answers are graded and scored."""
