"""A run as it stands: what is done, what runs and how fast, what failed and why."""
