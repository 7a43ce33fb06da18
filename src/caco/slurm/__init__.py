"""Slurm: the facts of a site, and what Snakemake does inside a Slurm job.

The client is `caco.runtime.slurm_client`. Used by preflight and profiles.
"""
