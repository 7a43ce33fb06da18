"""Starting the ranks of a fine-tuning, and seeing that none outlives its job."""

import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from caco.config.training import Training
from caco.errors import ClusterError, UserError
from caco.runtime.atomic_files import require_disk_space
from caco.runtime.gpus import require_usable_gpus
from caco.runtime.process import die_with_parent

_SRC = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Ranks:
    """How many processes train.

    Attributes:
        nodes: Machines.
        a_node: Ranks on each.
    """

    nodes: int
    a_node: int

    @property
    def total(self) -> int:
        """Ranks in all."""
        return self.nodes * self.a_node


def rank_count(asked: int | None) -> Ranks:
    """Returns the ranks to start: one a GPU on every node that Slurm gave to this job.

    Args:
        asked: Ranks a node where there is no GPU; one where None.

    Raises:
        ClusterError: There are GPUs that torch cannot use.
    """
    import torch

    sees = torch.cuda.is_available()
    require_usable_gpus(sees, f"torch {torch.__version__}")
    nodes = int(os.environ.get("SLURM_JOB_NUM_NODES", "1"))
    return Ranks(nodes, int(torch.cuda.device_count()) if sees else asked or 1)


def accumulation(section: Training, ranks: int, stage: str) -> int:
    """Returns the forward passes a rank makes before an optimiser step.

    Raises:
        UserError: The global batch cannot be shared out evenly.
    """
    at_once = ranks * section.micro_batch
    if section.global_batch % at_once:
        raise UserError(
            f"`{stage}.training.global_batch` is {section.global_batch}, which {ranks} ranks of "
            f"`micro_batch` {section.micro_batch} cannot share evenly; make it a multiple of "
            f"{at_once}"
        )
    return section.global_batch // at_once


def launch(plan: Path, ranks: Ranks) -> None:
    """Runs `caco.training.rank` on every rank, and waits for the last.

    The ranks are torchrun's, which runs once a node. None outlives this process, however it ends:
    the kernel ends torchrun here, and so its ranks; srun ends those of other nodes.

    Args:
        plan: The JSON file that `caco.training.rank` reads.
        ranks: How many, and where.

    Raises:
        ClusterError: A rank failed, for want of room on the disk or as it printed.
    """
    end = signal.SIGKILL if ranks.nodes == 1 else signal.SIGTERM  # srun has others to tell
    child = subprocess.Popen(
        command(plan, ranks), env=_environment(ranks.a_node), preexec_fn=die_with_parent(end)
    )
    try:
        code = child.wait()
    finally:
        if child.poll() is None:
            child.send_signal(end)
            child.wait()
    if code != 0:
        require_disk_space(plan.parent)  # torch's own words for a checkpoint cut short name no disk
        raise ClusterError(
            f"fine-tuning ended with exit code {code}; the lines above say why. If memory ran out, "
            "lower `micro_batch` (and raise nothing else: the global batch stays) or `cutoff`"
        )


def command(plan: Path, ranks: Ranks) -> list[str]:
    """Returns the command that starts torchrun on every node.

    On several, the ranks meet at this process's own, on a port that is free now. srun shares the
    job's resources with the step that this process runs in (`--overlap`): it would wait for ever
    for others.
    """
    torchrun = [sys.executable, "-m", "caco.training.runtime.torchrun"]
    torchrun += ["--nproc-per-node", str(ranks.a_node), "--log-dir", str(plan.parent / "torchrun")]
    rank = ["-m", "caco.training.rank", str(plan)]
    if ranks.nodes == 1:
        return [*torchrun, "--standalone", *rank]
    nodes = str(ranks.nodes)
    srun = ["srun", "--overlap", "--nodes", nodes, "--ntasks", nodes, "--ntasks-per-node", "1"]
    srun += ["--cpus-per-task", str(len(os.sched_getaffinity(0))), "--kill-on-bad-exit=1"]
    meet = ["--nnodes", nodes, "--rdzv-backend", "c10d", "--rdzv-id", os.environ["SLURM_JOB_ID"]]
    meet += ["--rdzv-endpoint", f"{socket.gethostname()}:{_free_port()}"]
    return [*srun, *torchrun, *meet, *rank]


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("", 0))
        port: int = s.getsockname()[1]
        return port


def _environment(ranks: int) -> dict[str, str]:
    """Returns the environment of a node's ranks: this process's cores shared out among them."""
    import torch

    cores = len(os.sched_getaffinity(0))
    given = os.environ.get("OMP_NUM_THREADS", "")
    cores = min(cores, int(given)) if given.isdigit() and int(given) > 0 else cores
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(_SRC), os.environ.get("PYTHONPATH", "")]).rstrip(":"),
        "OMP_NUM_THREADS": str(max(1, cores // ranks)),
        "TORCH_CPP_LOG_LEVEL": "ERROR",
    }
    environment.setdefault("TORCH_EXTENSIONS_DIR", str(Path(".cache/torch_extensions").resolve()))
    if not torch.cuda.is_available():
        environment["DS_ACCELERATOR"] = "cpu"
        # glibc gives large blocks back to the kernel when they are freed, and every step would
        # fault its tensors in anew: kept, forward and backward did 87 tokens a CPU second
        # against 75.
        environment.setdefault("MALLOC_MMAP_MAX_", "0")
        environment.setdefault("MALLOC_TRIM_THRESHOLD_", str(1 << 40))
    return environment
