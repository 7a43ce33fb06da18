"""Caco: reasoning data made through code, as a reproducible workflow."""
