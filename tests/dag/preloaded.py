"""What a Snakemake of these tests imports late: the fork server imports it once for all of them."""

import os
from importlib import import_module

from snakemake.cli import get_argument_parser

# What opens the Snakefile and a profile, what the Snakefile imports, and what the tests run.
for _name in (
    "smart_open", "yte", "caco.preflight.run_lock", "caco.preflight.start",
    "caco.reports.planning.explain", "caco.reports.planning.snakemake_metadata",
    "caco.reports.status", "tests.dag.checkout", "tests.dag.explained",
):  # fmt: skip
    import_module(_name)
get_argument_parser()  # imports the plugins
os.environ.pop("PYTHONPATH", None)  # that of the fork server only
