"""The workflow's structure: the stage table, and the paths and inputs that rules are made from.

Imports configuration and row types; the Snakefile, reports, preflight and profiles import it.
"""
