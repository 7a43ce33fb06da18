"""The code that runs inside the jail: a warm parent, which forks a child for each program.

This folder is the only part of `caco` that is mounted in the jail. Only built-in and small modules
are imported here: a fork copies the page tables of everything that the parent has loaded.
"""
