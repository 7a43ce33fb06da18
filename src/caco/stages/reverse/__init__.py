"""Reverse: programs are translated back to questions, which are solved and checked."""
