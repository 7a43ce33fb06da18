"""What every job needs: command line, provenance, heartbeat, resource usage, atomic writes.

Decides no row, so no code digest covers it (`caco.runtime.code_digest`). Imports the root modules
and `caco.config`; every package above may import it.
"""

# Part of every rule's code digest. Increase it with a change to this package that changes rows: the
# files that `--shards` stands for (`job`), or the rows that a journal returns (`journal`,
# `caco.engines.resumable`). Every rule then runs again once.
RESULTS_VERSION = 1
