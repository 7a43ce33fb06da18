"""Slurm: the description of a site, and the setup of the Snakemake inside a Slurm job.

The client is `caco.runtime.slurm_client`. Imported by preflight, the profiles and the Snakefile.
"""
