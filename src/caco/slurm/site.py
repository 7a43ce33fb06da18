"""The facts of one cluster, in one small file: `site.yaml`, copied from `site.example.yaml`.

The profile says what a job of each rule needs; this file says what things are called here. Neither
knows anything of the science, and no rule's spec holds any of it: moving to another cluster makes
nothing run again.
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
_NOTICE_S = 300  # before the wall time is over: time for a checkpoint of 7B


class JobResources(Section):
    """What a job of a rule needs at its first attempt; in `site.yaml`, what is other than usual."""

    gpus: int | None = Field(None, ge=0, description="GPUs on each node.")
    nodes: int | None = Field(None, ge=1, description="Nodes.")
    cpus: int | None = Field(None, ge=1, description="Cores; else the rule's threads.")
    mem_mb: int | None = Field(None, ge=1, description="Memory on each node, MB.")
    runtime: int | None = Field(None, ge=1, description="Wall time, minutes.")
    ranks: int | None = Field(
        None, ge=1, description="Ranks of a training on each node, where torch sees no GPU."
    )
    signal_s: int | None = Field(
        None,
        ge=1,
        description="SIGUSR1 so long before the wall time is over, seconds: time for a checkpoint.",
    )


class JobKind(Section):
    """Where the jobs of one kind go."""

    partition: str | None = Field(None, description="Partition; else the cluster's default one.")
    constraint: str | None = Field(None, description="Features that a node must have.")
    qos: str | None = Field(None, description="Quality of service.")
    extra: str | None = Field(None, description="Further options of sbatch, as typed.")
    max_runtime: int | None = Field(
        None, ge=1, description="The partition's longest wall time, minutes."
    )
    max_mem_mb: int | None = Field(None, ge=1, description="A node's memory, MB.")

    @field_validator("extra")
    @classmethod
    def _leaves_the_executor_its_own(cls, extra: str | None) -> str | None:
        for pattern, what in get_forbidden_slurm_options().items():
            if extra and (found := re.search(pattern, extra)):
                raise ValueError(
                    f"`{found[0].strip(' =')}` ({what}) is set by Snakemake itself; take it out of "
                    "`extra`, and use the key of this file that stands for it"
                )
        return extra


class GpuJobKind(JobKind):
    """Where the jobs with GPUs go."""

    model: str | None = Field(None, description="The GPU's name in `sinfo -o %G`, as in `h100`.")

    @field_validator("model")
    @classmethod
    def _can_be_asked_for(cls, model: str | None) -> str | None:
        if model and not re.fullmatch(r"[\w.]+", model, re.ASCII):
            raise ValueError(
                "Snakemake's executor for Slurm asks for names of letters, digits, `_` and `.` "
                "alone; leave `model` out, and choose these nodes by `partition` or `constraint`"
            )
        return model


class Site(Section):
    """The whole file; without one, the cluster's own defaults hold."""

    account: str | None = Field(None, description="Account that is charged.")
    setup: str | None = Field(
        None, description="A shell line that each job runs first, as in `module load cuda`."
    )
    container: str | None = Field(
        None,
        description=(
            "An image with the environments, made with `envs/caco.def`: jobs run in it rather than "
            "in those of `make envs`."
        ),
    )
    container_args: str = Field(
        "--nv", description="Options of `apptainer exec`, as in `--nv --bind /scratch`."
    )
    max_jobs: int = Field(100, ge=1, description="Jobs in the queue at a time.")
    cpu: JobKind = Field(JobKind(), description="Jobs without GPUs.")
    gpu: GpuJobKind = Field(GpuJobKind(), description="Jobs with GPUs.")
    rules: dict[str, JobResources] = Field(
        {}, description="What rules need here, where it is not usual."
    )
    plan: Assumptions | None = Field(None, description="What `scripts/plan.py` assumes of it.")

    def deployment(self) -> list[str] | None:
        """Returns the profile's `software-deployment-method`; None leaves the key out."""
        return ["apptainer"] if self.container else None

    def precommand(self) -> str | None:
        """Returns the profile's `precommand`, in which nothing is expanded before the job runs.

        The executor puts it between the double quotes of a shell line, and masks those alone.
        """
        return self.setup and re.sub(r"[\\$`]", r"\\\g<0>", self.setup)

    def default_resources(self, **needs: Any) -> dict[str, Any]:
        """Returns the profile's `default-resources`: a job without GPUs."""
        return self._resources(JobResources(**needs))

    def set_resources(self, usual: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
        """Returns the profile's `set-resources`.

        Args:
            usual: What each rule that is not like the others needs, by rule.

        Raises:
            UserError: `rules` of the site names a rule that the profile does not.
        """
        return {rule: self._resources(needs) for rule, needs in self._needs(usual).items()}

    def set_threads(self, usual: Mapping[str, Mapping[str, Any]]) -> dict[str, int] | None:
        """Returns the profile's `set-threads`: a job's cores, which OMP_NUM_THREADS is too.

        None, which leaves the key out, if no rule needs other cores than the workflow says.

        Args:
            usual: As in `set_resources`.

        Raises:
            UserError: As in `set_resources`.
        """
        cpus = {rule: needs.cpus for rule, needs in self._needs(usual).items() if needs.cpus}
        return cpus or None

    def _needs(self, usual: Mapping[str, Mapping[str, Any]]) -> dict[str, JobResources]:
        for rule in self.rules:
            if rule not in usual:
                raise UserError(f"{FILE}: `rules` has `{rule}`; there are {', '.join(usual)}")
        if self.container:
            # A job starts its ranks on other nodes by srun, which no image holds.
            for rule, needs in self.rules.items():
                if (needs.nodes or 1) > 1:
                    raise UserError(
                        f"{FILE}: `rules.{rule}.nodes` is {needs.nodes}, and jobs in a `container` "
                        "run on one node: set it to 1, or leave `container` out and `make envs`"
                    )
        return {
            rule: JobResources(**needs).model_copy(
                update=self.rules.get(rule, JobResources()).model_dump(exclude_none=True)
            )
            for rule, needs in usual.items()
        }

    def _resources(self, needs: JobResources) -> dict[str, Any]:
        """Returns Snakemake's resources; what is asked for grows with the attempt.

        A job that ran out of memory or time asks for twice as much at its second attempt, up to
        what the partition has.
        """
        kind: JobKind = self.gpu if needs.gpus else self.cpu
        signal = f"--signal=USR1@{needs.signal_s}" if needs.signal_s else None
        texts = {
            "slurm_partition": kind.partition,
            "slurm_account": self.account,
            "constraint": kind.constraint,
            "qos": kind.qos,
            "slurm_extra": " ".join(filter(None, (signal, kind.extra))) or None,
            # A node's GPUs rather than the job's: right for one node and for several.
            "gres": ":".join(filter(None, ("gpu", self.gpu.model, str(needs.gpus))))
            if needs.gpus
            else None,
        }
        numbers: dict[str, Any] = {
            "mem_mb": _growing(needs.mem_mb, kind.max_mem_mb),
            "runtime": _growing(needs.runtime, kind.max_runtime),
            "ranks": needs.ranks,
        }
        if needs.nodes and needs.nodes > 1:
            # One task a node, started by the job itself; the plugin would else start one a GPU.
            numbers |= {"nodes": needs.nodes, "tasks": needs.nodes, "tasks_per_gpu": 0}
            texts["mpi"] = "srun"
        # Snakemake takes a text for a Python expression, and `all` for the function.
        quoted = {name: repr(text) for name, text in texts.items() if text is not None}
        return quoted | {name: value for name, value in numbers.items() if value is not None}


def _growing(first: int | None, most: int | None) -> str | None:
    if first is None:
        return None
    return f"{first} * attempt" if most is None else f"min({first} * attempt, {most})"


def read_site(file: Path = FILE) -> Site:
    """Reads the site's facts; the cluster's own defaults where there is no such file.

    Raises:
        UserError: A key is wrong.
    """
    if not file.exists():
        return Site()
    try:
        return Site.model_validate(read_config(file))
    except ValidationError as e:
        raise UserError(f"{file}: {explain(e, Site)}") from None


def usual_resources(stated: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Returns what the jobs of each rule need, with what the stage table says of them.

    Args:
        stated: Memory and wall time by rule, as the profile has them.
    """
    usual = {}
    for rule, needs in stated.items():
        usual[rule] = dict(needs)
        if BY_NAME[rule].uses_gpu:
            usual[rule].setdefault("gpus", 1)
        if BY_NAME[rule].trains:
            usual[rule].setdefault("signal_s", _NOTICE_S)
    return usual


def site_or_exit() -> Site:
    """As `read_site`, for the profile: Snakemake would bury an exception, so this one ends."""
    try:
        _require_slurm()
        return read_site()
    except (UserError, ClusterError) as error:
        raise SystemExit(error.line) from None


def _require_slurm() -> None:
    """Sees that jobs can be submitted from here.

    Raises:
        ClusterError: There is no Slurm here, or this is not the repository's root.
    """
    if not Path("Snakefile").exists():
        raise ClusterError("type `snakemake --profile slurm` in the repository root")
    for command in ("sbatch", "squeue"):
        if shutil.which(command) is None:
            raise ClusterError(
                f"there is no `{command}` on this machine, so nothing can be submitted to Slurm; "
                "type it on a login node, or `make slurm-up` for a small Slurm right here"
            )
