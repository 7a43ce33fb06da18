"""Overlap of questions and programs with the problems of benchmarks.

Used by the stages `unify` and `corpus`; imports `caco.text` and the layers below it.
"""
