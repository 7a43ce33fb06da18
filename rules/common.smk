"""Shared by all rules: the validated config, the paths, and the lists from the stage table."""

import sys
from pathlib import Path

from snakemake.settings.types import DeploymentMethod

sys.path.insert(0, str(Path(workflow.basedir) / "src"))

from caco.config.config import check_config, read_config
from caco.config.overlay import without_replaced
from caco.errors import CacoError
from caco.identity import shard_names
from caco.preflight.run_lock import lock_when_executed
from caco.workflow.inputs import is_partial, local_inputs, model_folders
from caco.workflow.paths import WILDCARDS, Paths
from caco.workflow.rules import TRAINING_RESOURCES, StageRules, conda_file, environment_of
from caco.workflow.rules import set_job_environment
from caco.workflow.stages import jobs_of, loss_files, report_records, row_files, shard_files
from caco.workflow.stages import write_jobs

set_job_environment(deployed=bool(workflow.deployment_settings.deployment_method))
if workflow.remote_exec:
    from caco.slurm.inside_job import inside_a_job

    inside_a_job()

if DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method:
    from caco.slurm.site import read_site

    container: read_site().container


onstart:
    from caco.preflight.start import start

    start(workflow, CONFIG, LOCAL)
    write_jobs(Path(paths.jobs()), CONFIG)


onerror:
    from caco.preflight.start import report_silent_failure
    from caco.reports.status import print_failures

    print_failures(Path(paths.root))
    report_silent_failure(workflow)


try:
    # Read again: Snakemake accepts a key that is given twice.
    files = [read_config(Path(file)) for file in workflow.configfiles]
    names = " + ".join(map(str, workflow.configfiles))
    CONFIG = check_config(without_replaced(config, files), names)
    LOCAL = local_inputs(CONFIG)
except CacoError as error:
    sys.exit(error.line)

paths = Paths(CONFIG.run)
lock_when_executed(workflow, Path(paths.root))
stage = StageRules(CONFIG, Path(workflow.basedir))
SHARDS = shard_names(CONFIG.shards)
CONVERTERS = CONFIG.converters()
HUB_SOURCES = CONFIG.hub_sources()
FILE_PROBLEMS = [paths.bench_problems(name) for name in CONFIG.benchmark_files()]
HELD_OUT_PROBLEMS = [
    paths.bench_problems(name)
    for name in CONFIG.bench.benchmarks
    if name not in CONFIG.benchmark_files()
]
SHARD_FILES = shard_files(CONFIG)
ASKED = SHARD_FILES.get("round_trip", SHARD_FILES["question"])
JUDGED = SHARD_FILES.get("llm_judge", SHARD_FILES["judge"])
MODELS = {
    "base": paths.model(CONFIG.student.model),
    "student": paths.checkpoint("student"),
    **{name: paths.checkpoint(paths.ablation(name)) for name in CONFIG.ablations},
}


def local_files(key):
    """Returns the user's files of a section; ends a run of everything that lacks one.

    Of a part of the workflow, as with `--until`, the jobs that are to run are checked later.
    """
    if key in LOCAL.missing and not is_partial(workflow.dag_settings):
        sys.exit(LOCAL.missing[key].line)
    return LOCAL.files[key]


# These run on the submit host. All but the last fetch: compute nodes often have no network.
localrules:
    data_set,
    model,
    seeds,
    bench_problems,
    preflight_passed,


wildcard_constraints:
    **WILDCARDS,
