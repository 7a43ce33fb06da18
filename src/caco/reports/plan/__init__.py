"""The estimated cost of a configuration, before anything is submitted."""
