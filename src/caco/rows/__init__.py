"""Row types: one module each, named columns with their meaning, and the tables that hold them.

Imports the root modules and `caco.runtime`; everything above may import it.
"""
