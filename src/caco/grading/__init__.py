"""Grading: whether an answer equals the known one, computed in processes that can be killed.

Used by stages; imports `caco.text` and the layers below it.
"""
