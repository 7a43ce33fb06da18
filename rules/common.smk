"""What the rules share: the checked config, the paths, and each rule's two params.

`spec` is the JSON of the rule's own section of the config, `code` the digest of what its script
executes. Snakemake compares params as a set of values, so there are just these two, both texts.
"""

import sys
from pathlib import Path

from snakemake.settings.types import DeploymentMethod

SRC = Path(workflow.basedir) / "src"
sys.path.insert(0, str(SRC))

from caco.code_digest import code_digest
from caco.config.files import local_inputs, model_folders
from caco.config.jobs import jobs_of, shard_steps, write_jobs
from caco.config.spec import spec_json
from caco.config.workflow import check_config
from caco.errors import CacoError
from caco.paths import Paths, shard_names
from caco.surroundings import pinned_list, tell_jobs

tell_jobs(deployed=bool(workflow.deployment_settings.deployment_method))
if workflow.remote_exec:
    from caco.cluster.inside import inside_a_job

    inside_a_job()


if DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method:
    from caco.cluster.site import read_site

    container: read_site().container


onstart:
    from caco.cluster.start import start

    start(workflow, CONFIG)
    write_jobs(Path(paths.jobs()), CONFIG)


onerror:
    from caco.preflight.silence import say_if_silent
    from caco.status.trouble import tell_failures

    tell_failures(Path(paths.root))
    say_if_silent(workflow)


try:
    CONFIG = check_config(config, " + ".join(map(str, workflow.configfiles)))
    LOCAL = local_inputs(CONFIG)
except CacoError as error:
    sys.exit(error.line)

paths = Paths(CONFIG.run)
SHARDS = shard_names(CONFIG.shards)
CONVERTERS = CONFIG.converters()
JOBS = jobs_of(CONFIG)
SHARD_STEPS = shard_steps(CONFIG)
ACCEPTED = list(SHARD_STEPS.values())[-1]
SHARD_ROWS = [
    *(paths.shard(rows) for rows in SHARD_STEPS.values()),
    *(paths.rejected(step, "{shard}") for step in SHARD_STEPS if step != "sample"),
]
BENCHMARKED = {
    "base": paths.model(CONFIG.student.model),
    "student": paths.checkpoint("student"),
}


def code(rule_name: str) -> str:
    """Returns the digest of what `scripts/{rule_name}.py` executes."""
    return code_digest(Path(workflow.basedir) / "scripts" / f"{rule_name}.py", SRC)


def env_of(engine) -> str:
    """Returns the environment that holds an engine of this kind."""
    return "infer" if engine.kind == "vllm" else "train"


def conda_file(engine) -> str:
    """Returns that environment's conda file, seen from `rules/`."""
    return f"../envs/{pinned_list(env_of(engine))}.yaml"


# On a cluster these run where Snakemake does: all but `cleared` fetch, and compute nodes often have
# no network.
localrules:
    cleared,
    model,
    seeds,
    bench_problems,


wildcard_constraints:
    model="[a-z0-9_]+",
    source="[a-z0-9_]+",
    benchmark="[a-z0-9_]+",
    round=r"\d+",
    shard=r"\d{5}",


def rounds_of(source, file):
    """Returns `file` for each round in which a model drafts a source's programs, if one does."""
    rounds = CONVERTERS[source].rounds if source in CONVERTERS else 0
    return expand(file, round=range(rounds))


def written_by(model):
    """Returns the manifest of a step's own model, or of the writer where it names none."""
    return paths.model(model) if model else paths.checkpoint("writer")


def held_out_of(wildcards):
    """Returns the held-out seeds that a benchmark asks, if it asks any."""
    benchmark = CONFIG.bench.benchmarks[wildcards.benchmark]
    return paths.held_out(benchmark.source) if benchmark.kind == "held_out" else []
