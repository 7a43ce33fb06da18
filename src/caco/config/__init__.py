"""The configuration: one frozen model a section, unknown keys refused."""
