"""The status of a run: jobs done, running and failed, rates and time left."""
