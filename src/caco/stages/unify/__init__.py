"""Unify: seeds become Code CoTs, executed and compared with the known answers."""
