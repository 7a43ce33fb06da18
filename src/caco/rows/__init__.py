"""Row types, one module each: the columns and their meaning. `table` reads and writes them.

Imports the root modules and `caco.runtime`; every layer above may import it.
"""
