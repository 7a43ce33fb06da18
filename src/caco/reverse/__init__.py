"""Reverse: programs back into problems and solutions, checked twice."""
