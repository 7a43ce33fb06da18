"""The stages: one package (or module) a stage, pure functions from rows to rows.

A stage imports engines, sandbox, grading and what is below them. Scripts import stages.
"""
