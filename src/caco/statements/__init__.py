"""Statements about numbers in worked solutions: found in running text and computed exactly.

Used by the stage `check`; imports `caco.text`, `caco.answers` and the layers below them.
"""
