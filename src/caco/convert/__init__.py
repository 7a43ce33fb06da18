"""Convert: a model drafts programs for seeds that have none."""
