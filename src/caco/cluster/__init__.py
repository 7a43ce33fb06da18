"""What a cluster needs: the facts of a site, a safe start, and what a job does inside Slurm."""
