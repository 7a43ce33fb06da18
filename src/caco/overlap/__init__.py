"""Overlap of questions and programs: with benchmarks (`contamination`), in a corpus (`near`).

Used by the stages `unify` and `corpus`; imports `caco.text` and the layers below it.
"""
