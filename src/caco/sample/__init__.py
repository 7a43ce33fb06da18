"""Sampling of new programs from the code generator."""
