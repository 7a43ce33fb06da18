"""The configuration: one frozen model a section, unknown keys refused.

Imports nothing but the root modules and `caco.runtime`; everything above may import it.
"""
