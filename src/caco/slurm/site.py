"""The description of one cluster, in one small file: `site.yaml`, copied from `site.example.yaml`.

The profile sets the resources of each rule's jobs; this file sets the names that the cluster uses.
Neither is part of a rule's spec: on another cluster, nothing runs again.
"""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator
from snakemake_executor_plugin_slurm.validation import get_forbidden_slurm_options

from caco.config.config import read_config
from caco.config.plan import Assumptions
from caco.config.section import Section, explain
from caco.errors import ClusterError, UserError
from caco.workflow.stages import BY_NAME

FILE = Path("site.yaml")
_PROFILE = Path("profiles/slurm/config.yaml")
_SIGNAL_S = 300  # before the time limit: enough for a checkpoint of a 7B model


class JobResources(Section):
    """The resources of a rule's job at its first attempt; in `site.yaml`, overrides of them."""

    gpus: int | None = Field(None, ge=0, description="GPUs on each node.")
    nodes: int | None = Field(None, ge=1, description="Nodes.")
    cpus: int | None = Field(None, ge=1, description="Cores; default: the rule's threads.")
    mem_mb: int | None = Field(None, ge=1, description="Memory on each node, MB.")
    runtime: int | None = Field(None, ge=1, description="Wall time, minutes.")
    ranks: int | None = Field(
        None, ge=1, description="Ranks of a training on each node, where torch has no GPU."
    )
    signal_s: int | None = Field(
        None,
        ge=1,
        description="Seconds before the time limit at which SIGUSR1 is sent, for a checkpoint.",
    )


class JobKind(Section):
    """The partition and the limits of one kind of jobs."""

    partition: str | None = Field(
        None, description="Partition; default: the cluster's default partition."
    )
    constraint: str | None = Field(None, description="Features that a node must have.")
    qos: str | None = Field(None, description="Quality of service.")
    extra: str | None = Field(None, description="Further options of sbatch, as typed.")
    max_runtime: int | None = Field(
        None, ge=1, description="The partition's longest wall time, minutes."
    )
    max_mem_mb: int | None = Field(None, ge=1, description="A node's memory, MB.")

    @field_validator("extra")
    @classmethod
    def _extra_without_executor_options(cls, extra: str | None) -> str | None:
        for pattern, what in get_forbidden_slurm_options().items():
            if extra and (found := re.search(pattern, extra)):
                raise ValueError(
                    f"`{found[0].strip(' =')}` ({what}) is set by Snakemake itself; remove it from "
                    "`extra`, and use the corresponding key of this file"
                )
        return extra


class GpuJobKind(JobKind):
    """The partition and the limits of the jobs with GPUs."""

    model: str | None = Field(None, description="The GPU's name in `sinfo -o %G`, as in `h100`.")

    @field_validator("model")
    @classmethod
    def _model_without_special_characters(cls, model: str | None) -> str | None:
        if model and not re.fullmatch(r"[\w.]+", model, re.ASCII):
            raise ValueError(
                "Snakemake's executor for Slurm accepts only letters, digits, `_` and `.`; leave "
                "`model` out, and select the nodes by `partition` or `constraint`"
            )
        return model


class Site(Section):
    """The complete file; without a file, the cluster's defaults apply."""

    account: str | None = Field(None, description="Account to charge.")
    setup: str | None = Field(
        None, description="Shell command that each job runs first, as in `module load cuda`."
    )
    container: str | None = Field(
        None,
        description=(
            "Image with the environments, built from `envs/caco.def`; jobs use it instead of those "
            "of `make envs`."
        ),
    )
    container_args: str = Field(
        "--nv", description="Options of `apptainer exec`, as in `--nv --bind /scratch`."
    )
    max_jobs: int = Field(100, ge=1, description="Maximum number of jobs in the queue.")
    cpu: JobKind = Field(JobKind(), description="Jobs without GPUs.")
    gpu: GpuJobKind = Field(GpuJobKind(), description="Jobs with GPUs.")
    rules: dict[str, JobResources] = Field(
        {}, description="Resources of single rules, where they differ from the profile."
    )
    plan: Assumptions | None = Field(None, description="Assumptions of `scripts/plan.py`.")

    def deployment(self) -> list[str] | None:
        """Returns the profile's `software-deployment-method`; None omits the key."""
        return ["apptainer"] if self.container else None

    def precommand(self) -> str | None:
        """Returns the profile's `precommand`, escaped so that only the job's shell expands it.

        The executor puts it between double quotes in a shell command, and escapes only quotes.
        """
        return self.setup and re.sub(r"[\\$`]", r"\\\g<0>", self.setup)

    def default_resources(self, **resources: Any) -> dict[str, Any]:
        """Returns the profile's `default-resources`, for a job without GPUs.

        Raises:
            UserError: A resource is invalid.
        """
        return self._resources(_stated_in_profile("default-resources", resources))

    def set_resources(self, usual: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
        """Returns the profile's `set-resources`.

        Args:
            usual: Resources by rule, without overrides.

        Raises:
            UserError: `rules` of the site names an unknown rule, or a resource is invalid.
        """
        return {rule: self._resources(job) for rule, job in self._jobs(usual).items()}

    def set_threads(self, usual: Mapping[str, Mapping[str, Any]]) -> dict[str, int] | None:
        """Returns the profile's `set-threads`: a job's cores, and its OMP_NUM_THREADS.

        None, which omits the key, if no rule overrides its threads.

        Args:
            usual: As in `set_resources`.

        Raises:
            UserError: As in `set_resources`.
        """
        cpus = {rule: job.cpus for rule, job in self._jobs(usual).items() if job.cpus}
        return cpus or None

    def _jobs(self, usual: Mapping[str, Mapping[str, Any]]) -> dict[str, JobResources]:
        for rule in self.rules:
            if rule not in usual:
                raise UserError(
                    f"{FILE}: `rules` has `{rule}`, which is not a rule; the rules are "
                    f"{', '.join(usual)}"
                )
        if self.container:
            # A job starts its ranks on other nodes with srun, which the image does not contain.
            for rule, job in self.rules.items():
                if (job.nodes or 1) > 1:
                    raise UserError(
                        f"{FILE}: `rules.{rule}.nodes` is {job.nodes}, but jobs in a `container` "
                        "run on one node; set it to 1, or remove `container` and run `make envs`"
                    )
        return {
            rule: _stated_in_profile(f"jobs.{rule}", resources).model_copy(
                update=self.rules.get(rule, JobResources()).model_dump(exclude_none=True)
            )
            for rule, resources in usual.items()
        }

    def _resources(self, job: JobResources) -> dict[str, Any]:
        """Returns Snakemake's resources; memory and wall time grow with the attempt.

        A job that ran out of memory or time requests twice as much at its second attempt, up to the
        partition's limits.
        """
        kind: JobKind = self.gpu if job.gpus else self.cpu
        signal = f"--signal=USR1@{job.signal_s}" if job.signal_s else None
        texts = {
            "slurm_partition": kind.partition,
            "slurm_account": self.account,
            "constraint": kind.constraint,
            "qos": kind.qos,
            "slurm_extra": " ".join(filter(None, (signal, kind.extra))) or None,
            # GPUs per node rather than per job: correct for one node and for several.
            "gres": ":".join(filter(None, ("gpu", self.gpu.model, str(job.gpus))))
            if job.gpus
            else None,
        }
        numbers: dict[str, Any] = {
            "mem_mb": _growing(job.mem_mb, kind.max_mem_mb),
            "runtime": _growing(job.runtime, kind.max_runtime),
            "ranks": job.ranks,
        }
        if job.nodes and job.nodes > 1:
            # One task per node, started by the job itself; the executor's default is one per GPU.
            numbers |= {"nodes": job.nodes, "tasks": job.nodes, "tasks_per_gpu": 0}
            texts["mpi"] = "srun"
        # Snakemake evaluates a string as a Python expression, and `all` as the function.
        quoted = {name: repr(text) for name, text in texts.items() if text is not None}
        return quoted | {name: value for name, value in numbers.items() if value is not None}


def _stated_in_profile(key: str, resources: Mapping[str, Any]) -> JobResources:
    """Returns the resources that the profile states under a key.

    Raises:
        UserError: A resource is unknown or invalid.
    """
    try:
        return JobResources(**resources)
    except ValidationError as e:
        raise UserError(f"{_PROFILE}: under `{key}`, {explain(e, JobResources)}") from None


def _growing(first: int | None, most: int | None) -> str | None:
    if first is None:
        return None
    return f"{first} * attempt" if most is None else f"min({first} * attempt, {most})"


def read_site(file: Path = FILE) -> Site:
    """Reads the site file; returns the cluster's defaults if it does not exist.

    Raises:
        UserError: A key is invalid.
    """
    if not file.exists():
        return Site()
    try:
        return Site.model_validate(read_config(file))
    except ValidationError as e:
        raise UserError(f"{file}: {explain(e, Site)}") from None


def usual_resources(stated: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Returns the resources of each rule's jobs, completed from the stage table.

    Args:
        stated: Memory and wall time by rule, from the profile.
    """
    usual = {}
    for rule, resources in stated.items():
        usual[rule] = dict(resources)
        if BY_NAME[rule].uses_gpu:
            usual[rule].setdefault("gpus", 1)
        if BY_NAME[rule].trains:
            usual[rule].setdefault("signal_s", _SIGNAL_S)
    return usual


def site_or_exit() -> Site:
    """As `read_site`, for the profile: exits on an error; Snakemake would hide an exception."""
    try:
        _require_slurm()
        return read_site()
    except (UserError, ClusterError) as error:
        raise SystemExit(error.line) from None


def _require_slurm() -> None:
    """Checks that jobs can be submitted from this folder.

    Raises:
        ClusterError: Slurm is not installed, or this is not the repository's root.
    """
    if not Path("Snakefile").exists():
        raise ClusterError(
            "this folder has no Snakefile; type `snakemake --profile slurm` in the repository root"
        )
    for command in ("sbatch", "squeue"):
        if shutil.which(command) is None:
            raise ClusterError(
                f"there is no `{command}` on this machine, so nothing can be submitted to Slurm; "
                "type the command on a login node, or `make slurm-up` for a small Slurm here"
            )
