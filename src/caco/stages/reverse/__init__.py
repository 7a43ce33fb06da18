"""Reverse: programs back into questions and solutions, and the checks between them."""
