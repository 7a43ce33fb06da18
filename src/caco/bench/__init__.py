"""Benchmarks: base and student on problems that neither saw."""
