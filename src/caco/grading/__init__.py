"""Grading: whether an answer is the known one, decided in processes that can be killed.

Used by stages; imports `caco.text` and what is below it.
"""
