"""What the run's jobs will ask of the cluster, as Snakemake has worked it out."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from caco.preflight.partitions import gpus_of


@dataclass(frozen=True, slots=True)
class ResourceRequest:
    """What one rule's jobs ask for at an attempt.

    Attributes:
        rule: The rule.
        attempt: The attempt, from 1.
        partition: Partitions, with commas; empty for the cluster's default one.
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
        """The section of the site file that says where such jobs go."""
        return "gpu" if self.gpus else "cpu"

    def options(self) -> list[str]:
        """Returns the options with which sbatch is asked for this."""
        gres = ":".join(filter(None, ("gpu", self.gpu_model, str(self.gpus)))) if self.gpus else ""
        named = {
            "partition": self.partition, "account": self.account, "qos": self.qos,
            "constraint": self.constraint, "gres": gres, "mem": self.mem_mb,
            "time": self.minutes, "nodes": self.nodes, "cpus-per-task": self.cpus,
        }  # fmt: skip
        options = [f"--{name}={value}" for name, value in named.items() if value]
        return [*options, f"--ntasks={self.nodes}", *shlex.split(self.extra)]


def resource_requests(jobs: Iterable[Any]) -> list[ResourceRequest]:
    """Returns what Snakemake's `jobs` that are submitted ask for at first, one ask a rule.

    All jobs of a rule ask for the same: no resource of a profile depends on wildcards.
    """
    return [_request(rule, job) for rule, job in _of_rules(jobs)]


def last_attempt_requests(jobs: Iterable[Any]) -> list[ResourceRequest]:
    """As `resource_requests`, for the last attempt of those rules whose jobs may be tried again."""
    found = []
    for rule, job in _of_rules(jobs):
        if job.rule.restart_times:
            job.attempt = 1 + job.rule.restart_times
            found.append(_request(rule, job))
            job.attempt = 1
    return found


def _of_rules(jobs: Iterable[Any]) -> list[tuple[str, Any]]:
    return sorted({job.rule.name: job for job in jobs if not job.is_local}.items())


def _request(rule: str, job: Any) -> ResourceRequest:
    given = job.resources.get
    model, gpus = next(iter(gpus_of(str(given("gres") or "")).items()), ("", 0))
    return ResourceRequest(
        rule=rule,
        attempt=job.attempt,
        partition=str(given("slurm_partition") or ""),
        account=str(given("slurm_account") or ""),
        qos=str(given("qos") or ""),
        constraint=str(given("constraint") or ""),
        extra=str(given("slurm_extra") or ""),
        gpu_model=model,
        gpus=gpus,
        nodes=int(given("nodes") or 1),
        cpus=max(0, int(given("cpus_per_task") or job.threads)),
        mem_mb=int(given("mem_mb") or 0),
        minutes=int(given("runtime") or 0),
    )
