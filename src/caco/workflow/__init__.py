"""The structure of the workflow: the stage table, and the paths, inputs and commands of its rules.

Imports `caco.config`, `caco.runtime` and `caco.rows`; the Snakefile, reports, preflight and
profiles import it.
"""
