"""Records of a stub run, and the explanation of a plan, each in a process of its own."""

import json
import os
import subprocess
from pathlib import Path


def record_in(folder: Path) -> None:
    """Writes the part of each job's record that the explanation reads; keeps the file's time."""
    os.chdir(folder)
    from caco.reports.planning.snakemake_metadata import planned_workflow, recorded_jobs
    from caco.runtime.checksums import write_checked

    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    with planned_workflow([Path("config.yaml")]) as workflow:
        for job in recorded_jobs(workflow):
            texts = job.params if hasattr(job.params, "spec") else job.resources
            path = Path(job.output.provenance)
            time = path.stat().st_mtime_ns
            job_of = {"rule": path.parent.name, "identity": path.stem, "commit": commit}
            write_checked(path, {**job_of, "spec": json.loads(texts.spec), "code": texts.code})
            os.utime(path, ns=(time, time))


def explain_in(folder: Path, config: str, answer: Path) -> None:
    """Writes why each job runs, by `rule` or `rule:identity`.

    Args:
        folder: The checkout.
        config: Name of its config.
        answer: The file.
    """
    os.chdir(folder)
    from caco.reports.planning.explain import explain
    from caco.reports.planning.snakemake_metadata import planned_workflow

    with planned_workflow([Path(config)]) as workflow:
        rules = explain(workflow)
    reasons = {
        rule.rule if identity == "all" else f"{rule.rule}:{identity}": why
        for rule in rules
        for identity, why in rule.reasons.items()
    }
    answer.write_text(json.dumps(reasons))
