"""Starting the ranks of a fine-tuning, and seeing that none outlives its job."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from caco.config.training import Training
from caco.errors import ClusterError, UserError

_SRC = Path(__file__).resolve().parents[2]
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def rank_count(asked: int | None) -> int:
    """Returns how many ranks to start: one a visible GPU; without GPUs `asked`, or one."""
    import torch

    return int(torch.cuda.device_count()) or asked or 1


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


def launch(plan: Path, ranks: int) -> None:
    """Runs `caco.training.rank` on every rank of this machine, and waits for the last.

    The ranks are torchrun's, on a free port of its choice. They die with this process, however it
    dies: the kernel tells torchrun, and torchrun's death tells the ranks.

    Args:
        plan: The JSON file that `caco.training.rank` reads.
        ranks: How many.

    Raises:
        ClusterError: A rank failed; what it printed says why.
    """
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", str(ranks), "-m", "caco.training.rank", str(plan)]
    child = subprocess.Popen(
        command, env=_environment(ranks), preexec_fn=die_with_parent(signal.SIGTERM)
    )
    try:
        code = child.wait()
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait()
    if code != 0:
        raise ClusterError(
            f"fine-tuning ended with exit code {code}; the lines above say why. If memory ran out, "
            "lower `micro_batch` (and raise nothing else: the global batch stays) or `cutoff`"
        )


def die_with_parent(with_signal: int) -> Callable[[], None]:
    """Returns a function that asks the kernel to signal this process when its parent ends."""
    libc = ctypes.CDLL(None, use_errno=True)

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(with_signal))

    return ask


def _environment(ranks: int) -> dict[str, str]:
    """Returns the environment of the ranks: this process's cores shared out among them."""
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
