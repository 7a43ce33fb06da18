"""The stages: one package or module a stage, with pure functions from rows to rows.

A stage imports `caco.engines`, `caco.sandbox`, `caco.grading` and the layers below them. Training,
reports and scripts import stages.
"""
