"""Preflight: what is checked before a run costs anything: cluster, node, models, disk.

Imported by the Snakefile and the preflight scripts alone.
"""
