"""The state of a run: jobs done, running and failed, rates and time left."""
