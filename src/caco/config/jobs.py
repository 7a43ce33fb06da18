"""The jobs of a run, known from its configuration alone."""

import json
from pathlib import Path

from caco.config.engines import Engine
from caco.config.workflow import Config
from caco.files import write_text
from caco.paths import shard_names


def shard_steps(config: Config) -> dict[str, str]:
    """Returns the rules that work shard by shard, in order, and the rows that each lets through."""
    return {
        "sample": "programs",
        "verify": "verified",
        "question": "questions",
        "solution": "solutions",
        "judge": "judged",
        **({"agree": "agreed"} if config.reverse.agree else {}),
    }


def jobs_of(config: Config) -> dict[str, list[str]]:
    """Returns the identities of each rule's jobs, rules in the order in which data pass them."""
    one = ["all"]
    rounds = [f"{s}-{n}" for s, llm in config.converters().items() for n in range(llm.rounds)]
    benchmarks = list(config.bench.benchmarks)
    calibration = ["plant", *(["opine"] if config.reverse.agree else []), "calibrate"]
    shards = shard_names(config.shards)
    found = {
        "seeds": list(config.sources),
        "preflight": one,
        "cleared": one,
        "model": config.used_models,
        "bench_problems": benchmarks,
        "draft": rounds,
        "attempt": rounds,
        "unify": list(config.sources),
        "codegen": one,
        **({"writer": one} if "writer" in config.trained else {}),
        **(dict.fromkeys(calibration, one) if config.calibration else {}),
        **dict.fromkeys(shard_steps(config), shards),
        "corpus": one,
        "student": one,
        "bench": [f"{model}-{b}" for model in ("base", "student") for b in benchmarks],
        "scores": one,
        "report": one,
    }
    return {rule: identities for rule, identities in found.items() if identities}


def engines_of(config: Config) -> dict[str, dict[str, Engine]]:
    """Returns, by rule that generates, its engines by their key in the config."""
    reverse = config.reverse
    drafting = {f"sources.{s}.unify.engine": llm.engine for s, llm in config.converters().items()}
    agree = {"reverse.agree.engine": reverse.agree.engine} if reverse.agree else {}
    return {
        "draft": drafting,
        "sample": {"sample.engine": config.sample.engine},
        "question": {"reverse.question.engine": reverse.question.engine},
        "solution": {"reverse.solution.engine": reverse.solution.engine},
        "agree": agree,
        "opine": agree,
        "bench": {"bench.engine": config.bench.engine},
    }


def write_jobs(path: Path, config: Config) -> None:
    """Writes the jobs, for whoever looks at the run while it is not finished."""
    write_text(path, json.dumps(jobs_of(config)) + "\n")
