"""The resources that the run's jobs request, as Snakemake has computed them."""

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ResourceRequest:
    """What each job of a rule requests at one attempt.

    Attributes:
        rule: The rule.
        attempt: The attempt, from 1.
        partition: Partitions, separated by commas; empty for the cluster's default partition.
        account, qos, constraint, extra: As sbatch takes them; empty for none.
        gpu_model: The GPUs' model; empty for any.
        gpus: GPUs on each node.
        nodes: Nodes.
        cpus: Cores on each node.
        mem_mb: Memory on each node, MB.
        minutes: Wall time.
    """

    rule: str
    attempt: int
    partition: str
    account: str
    qos: str
    constraint: str
    extra: str
    gpu_model: str
    gpus: int
    nodes: int
    cpus: int
    mem_mb: int
    minutes: int

    @property
    def section(self) -> str:
        """The section of the site file that applies to the job: `gpu` or `cpu`."""
        return "gpu" if self.gpus else "cpu"

    def options(self) -> list[str]:
        """Returns the request as options of sbatch."""
        gres = ":".join(filter(None, ("gpu", self.gpu_model, str(self.gpus)))) if self.gpus else ""
        named = {
            "partition": self.partition, "account": self.account, "qos": self.qos,
            "constraint": self.constraint, "gres": gres, "mem": self.mem_mb,
            "time": self.minutes, "nodes": self.nodes, "cpus-per-task": self.cpus,
        }  # fmt: skip
        options = [f"--{name}={value}" for name, value in named.items() if value]
        return [*options, f"--ntasks={self.nodes}", *shlex.split(self.extra)]


def resource_requests(jobs: Iterable[Any]) -> list[ResourceRequest]:
    """Returns the first-attempt requests of Snakemake's `jobs` that are submitted, one per rule.

    All jobs of a rule request the same: no resource of a profile depends on wildcards.
    """
    return [_request(rule, job) for rule, job in _submitted_by_rule(jobs)]


def requests_text(requests: Iterable[ResourceRequest], jobs: Mapping[str, int]) -> str:
    """Returns what jobs would request from Slurm at their first attempt: a line a rule, a total.

    Args:
        requests: What each job of a rule requests.
        jobs: Number of jobs of each rule that would run, in the order of the lines.
    """
    lines = ["jobs that would be submitted, and what they request at their first attempt:"]
    gpu_h = core_h = 0.0
    by_rule = {one.rule: one for one in requests}
    for one in (by_rule[rule] for rule in jobs if rule in by_rule):
        number = jobs[one.rule]
        hours = number * one.nodes * one.minutes / 60
        gpu_h, core_h = gpu_h + hours * one.gpus, core_h + hours * one.cpus
        model = f" {one.gpu_model}" if one.gpu_model else ""
        parts = [
            f"partition {one.partition}" if one.partition else "the default partition",
            f"{one.nodes} nodes" if one.nodes > 1 else "",
            f"{one.gpus}{model} GPU{'s' if one.gpus > 1 else ''}" if one.gpus else "",
            f"{one.cpus} core{'s' if one.cpus > 1 else ''}",
            f"{one.mem_mb:,} MB" if one.mem_mb else "",
            f"{one.minutes / 60:g} h" if one.minutes else "no time limit",
        ]
        what = f"{one.rule}: {number:,} job{'s' if number > 1 else ''}"
        asked = f"; {hours * one.gpus:,.1f} GPU-hours" if one.gpus else ""
        lines.append(f"{what}, each {', '.join(filter(None, parts))}{asked}")
    lines.append(f"requested at most: {gpu_h:,.1f} GPU-hours, {core_h:,.1f} core-hours")
    return "\n".join(lines)


def last_attempt_requests(jobs: Iterable[Any]) -> list[ResourceRequest]:
    """As `resource_requests`, for the last attempt of the rules whose jobs are retried."""
    found = []
    for rule, job in _submitted_by_rule(jobs):
        if job.rule.restart_times:
            job.attempt = 1 + job.rule.restart_times
            found.append(_request(rule, job))
            job.attempt = 1
    return found


def gpus_of(gres: str) -> dict[str, int]:
    """Returns the GPUs in a list of generic resources, by model; an unnamed model is empty.

    Args:
        gres: In Slurm's syntax: `gpu:4`, `gpu:h100:4(S:0-1),nvme:1`; a missing count means 1.
    """
    counts: dict[str, int] = {}
    for item in re.sub(r"\([^)]*\)", "", gres).split(","):
        kind, *rest = item.split(":")
        if kind == "gpu":
            count = int(rest.pop()) if rest and rest[-1].isdigit() else 1
            model = rest[0] if rest else ""
            counts[model] = counts.get(model, 0) + count
    return counts


def _submitted_by_rule(jobs: Iterable[Any]) -> list[tuple[str, Any]]:
    return sorted({job.rule.name: job for job in jobs if not job.is_local}.items())


def _request(rule: str, job: Any) -> ResourceRequest:
    resource = job.resources.get
    model, gpus = next(iter(gpus_of(str(resource("gres") or "")).items()), ("", 0))
    return ResourceRequest(
        rule=rule,
        attempt=job.attempt,
        partition=str(resource("slurm_partition") or ""),
        account=str(resource("slurm_account") or ""),
        qos=str(resource("qos") or ""),
        constraint=str(resource("constraint") or ""),
        extra=str(resource("slurm_extra") or ""),
        gpu_model=model,
        gpus=gpus,
        nodes=int(resource("nodes") or 1),
        cpus=max(0, int(resource("cpus_per_task") or job.threads)),
        mem_mb=int(resource("mem_mb") or 0),
        minutes=int(resource("runtime") or 0),
    )
