"""Caco: code-verified synthetic reasoning data, as a reproducible Snakemake workflow."""
