"""Proof that generated rows are samples of the recorded model, by one forward pass of it.

Nothing is generated again. Only scripts for audits import this package.
"""
