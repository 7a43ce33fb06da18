"""Unify: seeds become executable programs."""
