"""Unify: seeds are converted to Code CoTs, executed, and compared with the known answers."""
