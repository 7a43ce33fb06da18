"""Explains which jobs a run would start and why, without running, locking or writing anything.

    python scripts/explain.py --configfile config.yaml

`--cluster FILE` adds the estimated hours of these jobs, from the rates of scripts/plan.py;
`--profile slurm` what they would request from Slurm: partition, GPUs, time, and GPU-hours.
"""

import argparse
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from caco.config.plan import read_assumptions
from caco.errors import UserError
from caco.preflight.requests import requests_text, resource_requests
from caco.reports.planning.explain import cost_text, explain, explanation_text
from caco.reports.planning.package_changes import package_changes
from caco.reports.planning.plan import estimate, input_sizes
from caco.reports.planning.snakemake_metadata import planned_workflow, recorded_jobs
from caco.runtime.chain import load_record
from caco.runtime.job import run


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--configfile",
        type=Path,
        nargs="+",
        default=[Path("config.yaml")],
        help="config of the run and its overlays, as for snakemake (%(default)s)",
    )
    parser.add_argument(
        "--cluster",
        type=Path,
        help="site.yaml with a section `plan`, or a file that holds only that section",
    )
    parser.add_argument(
        "--profile",
        metavar="PROFILE",
        help="add what the jobs would request from Slurm with this profile, as in `slurm`",
    )
    args = parser.parse_args()
    assumed = read_assumptions(args.cluster) if args.cluster else None
    with planned_workflow(args.configfile, args.profile) as workflow:
        rules = explain(workflow)
        # Without a profile of Slurm no job is submitted.
        requests = resource_requests(workflow.dag.needrun_jobs()) if args.profile else []
        config = workflow.globals["CONFIG"]
        records = [Path(job.output.provenance) for job in recorded_jobs(workflow)]
    print(explanation_text(rules))
    for sentence in package_changes(_whole(records), Path(f"results/{config.run}"), Path("envs")):
        print(sentence)
    if requests:
        print(requests_text(requests, {rule.rule: len(rule.reasons) for rule in rules}))
    if assumed and any(rule.reasons for rule in rules):
        print(cost_text(rules, config, estimate(config, input_sizes(config), assumed)))


def _whole(records: Iterable[Path]) -> Iterator[dict[str, Any]]:
    for path in records:
        with suppress(UserError):  # the explanation says that it is missing or torn
            yield load_record(path)


if __name__ == "__main__":
    run(main)
