"""What a Snakemake of these tests imports late: the fork server imports it once for all of them."""

import os

import smart_open  # noqa: F401  (by which Snakemake opens the Snakefile)
import yte  # noqa: F401  (for a profile)
from snakemake.cli import get_argument_parser

import caco.preflight.run_lock
import caco.preflight.start
import caco.reports.explain
import caco.reports.snakemake_metadata
import caco.reports.status  # noqa: F401
from tests.dag import checkout, explained  # noqa: F401

get_argument_parser()  # imports the plugins
os.environ.pop("PYTHONPATH", None)  # that of the fork server only
