"""Preflight: checks before a run submits anything: the cluster, a node, the models and the disk.

Only the Snakefile and the preflight scripts import it.
"""
