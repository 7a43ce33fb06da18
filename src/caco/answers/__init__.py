"""Answers: one typed model of an answer, its parser, its comparison, its place in a solution.

Used by grading and the stages; imports `caco.text` and the layers below it, and mpmath.
"""
