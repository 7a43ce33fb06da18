"""What the rules share: the checked config, the paths, and each rule's two params.

`spec` is the JSON of the rule's own section of the config, `code` the digest of what its script
executes. Snakemake compares params as a set of values, so there are just these two, both texts.
"""

import sys
from pathlib import Path

SRC = Path(workflow.basedir) / "src"
sys.path.insert(0, str(SRC))

from caco.code_digest import code_digest
from caco.config.files import local_inputs
from caco.config.spec import spec_json
from caco.config.workflow import check_config
from caco.errors import CacoError
from caco.paths import Paths, shard_names
from caco.surroundings import pinned_list, tell_jobs

tell_jobs(deployed=bool(workflow.deployment_settings.deployment_method))

try:
    CONFIG = check_config(config, " + ".join(map(str, workflow.configfiles)))
    LOCAL = local_inputs(CONFIG)
except CacoError as error:
    sys.exit(f"{error.owner} error: {error}")

paths = Paths(CONFIG.run)
SHARDS = shard_names(CONFIG.shards)
TRAINED = ("codegen", "writer", "student")
USED_MODELS = sorted({CONFIG.codegen.model, CONFIG.writer.model, CONFIG.student.model})
SHARD_RECORDS = [
    paths.provenance(step, "{shard}")
    for step in ("sample", "verify", "question", "solution", "judge")
]
SHARD_ROWS = [
    *(
        paths.shard(s)
        for s in ("programs", "verified", "questions", "solutions", "judged")
    ),
    *(
        paths.rejected(s, "{shard}")
        for s in ("verify", "question", "solution", "judge")
    ),
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


wildcard_constraints:
    model="[a-z0-9_]+",
    source="[a-z0-9_]+",
    benchmark="[a-z0-9_]+",
    shard=r"\d{5}",


def held_out_of(wildcards):
    """Returns the held-out seeds that a benchmark asks, if it asks any."""
    benchmark = CONFIG.bench.benchmarks[wildcards.benchmark]
    return paths.held_out(benchmark.source) if benchmark.kind == "held_out" else []
