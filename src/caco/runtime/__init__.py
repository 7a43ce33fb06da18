"""What surrounds every job: command line, provenance, heartbeat, resource usage, atomic files.

Decides no row, so no code digest covers it (`caco.runtime.code_digest`). Imports the root modules
alone; every other package may import it.
"""

# Part of every rule's code digest. Raise it with a change to this package that changes rows: which
# shard a file of `--shards` stands for (`job`), or what a journal gives back (`journal`,
# `caco.engines.resumable`). Everything then re-runs once.
RESULTS_VERSION = 1
