"""Before a run: what it costs, which jobs would run and why, and what Snakemake must know."""
