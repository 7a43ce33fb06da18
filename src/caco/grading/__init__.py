"""Grading: is this answer the known one, decided in processes that can be killed."""
