"""Starting a fine-tuning run: the arguments of its script, and its ranks; none outlives the job."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from caco.config.training import Training
from caco.errors import ClusterError, UserError
from caco.runtime.file_system import require_disk_space
from caco.runtime.gpus import require_usable_gpus
from caco.runtime.job import Job
from caco.runtime.process import die_with_parent
from caco.training.runtime.preemption import SIGNALS

_SRC = Path(__file__).resolve().parents[3]
# Of the drivers for GPUs: NVIDIA's, NVIDIA's in WSL, and AMD's.
_DEVICES = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
_SAVE_EVERY_S = 1800.0  # a checkpoint of 7B parameters under ZeRO has 100 GB: about 1 min


@dataclass(frozen=True, slots=True)
class Ranks:
    """The number of training processes.

    Attributes:
        nodes: Number of nodes.
        per_node: Ranks on each node.
    """

    nodes: int
    per_node: int

    @property
    def total(self) -> int:
        """The total number of ranks."""
        return self.nodes * self.per_node


def rank_count(without_gpus: int | None) -> Ranks:
    """Returns the ranks to start: one per GPU on every node of the Slurm job.

    Args:
        without_gpus: Ranks per node without GPUs; None for one.

    Raises:
        ClusterError: torch cannot use the GPUs of the job.
    """
    nodes = int(os.environ.get("SLURM_JOB_NUM_NODES", "1"))
    if not _has_driver():
        return Ranks(nodes, without_gpus or 1)
    import torch

    has_gpus = torch.cuda.is_available()
    require_usable_gpus(has_gpus, f"torch {torch.__version__}")
    return Ranks(nodes, int(torch.cuda.device_count()) if has_gpus else without_gpus or 1)


def _has_gpus() -> bool:
    """Returns whether torch can use a GPU of this node."""
    if not _has_driver():
        return False
    import torch

    return bool(torch.cuda.is_available())


def _has_driver() -> bool:
    """Returns whether this node may have a GPU; to import torch for that takes seconds."""
    return any(map(os.path.exists, _DEVICES))


def require_rows_for_ranks(section: Training, ranks: int, stage: str) -> None:
    """Checks that every rank has a row in each step.

    Raises:
        UserError: The global batch has fewer rows than there are ranks.
    """
    if section.global_batch < ranks:
        raise UserError(
            f"`{stage}.training.global_batch` is {section.global_batch}, so {ranks} ranks cannot "
            f"have a row each in a step; set it to {ranks} or more, or request fewer GPUs"
        )


def launch(plan: Path, ranks: Ranks) -> None:
    """Runs `caco.training.rank` on every rank, and waits until all have exited.

    Args:
        plan: The JSON file that `caco.training.rank` reads.
        ranks: The number of nodes and ranks.

    Raises:
        ClusterError: A rank failed, or the disk is full.
    """
    with starting(plan, ranks) as wait:
        wait()


@contextmanager
def starting(plan: Path, ranks: Ranks) -> Iterator[Callable[[], None]]:
    """Starts `caco.training.rank` on every rank, before its plan is written.

    Meanwhile the ranks import their libraries, which takes as long as to tokenise the rows. Those
    of several nodes are started with the plan: other nodes see a new file of a shared folder late.

    A single rank is a child of this process; several are started by one torchrun per node. None
    outlives this process, however it terminates: the kernel kills the rank, or the local torchrun
    and its ranks (PR_SET_PDEATHSIG), and srun those of other nodes.

    Args:
        plan: The JSON file that `caco.training.rank` reads.
        ranks: The number of nodes and ranks.

    Yields:
        A function to call once the plan is written, which waits until all ranks have exited. It
        raises ClusterError if a rank failed, or the disk is full.
    """
    # SIGTERM lets srun terminate the tasks on other nodes.
    death_signal = signal.SIGKILL if ranks.nodes == 1 else signal.SIGTERM
    started: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        child = subprocess.Popen(
            command(plan, ranks),
            env=_environment(ranks),
            preexec_fn=_rank_alone if ranks.total == 1 else die_with_parent(death_signal),
        )
        started.append(child)

    def wait() -> None:
        if not started:
            start()
        if code := started[0].wait():
            require_disk_space(plan.parent)  # for a full disk, torch reports only a short write
            raise ClusterError(
                f"fine-tuning {_exit_description(code)}; see the lines above for the cause. If it "
                "ran out of memory, reduce `micro_tokens` (the global batch does not change) or "
                "set `gradient_checkpointing: true`"
            )

    try:
        if ranks.nodes == 1:
            start()
        yield wait
    finally:
        for child in started:
            if child.poll() is None:
                child.send_signal(death_signal)
                child.wait()


def _rank_alone() -> None:
    """Prepares the process of a single rank, as `caco.training.runtime.torchrun` those of several.

    The signals of a preemption and Ctrl-C reach this process's children too, which ignore them:
    this process tells them to stop. Blocked and ignored signals remain so in the new program.
    """
    die_with_parent(signal.SIGKILL)()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def _exit_description(code: int) -> str:
    """Returns the description of the exit code of a process."""
    if code >= 0:
        return f"exited with code {code}"
    return f"was killed by {signal.Signals(-code).name}"


def command(plan: Path, ranks: Ranks) -> list[str]:
    """Returns the command of a single rank, or the one that starts torchrun on every node.

    With several nodes, the rendezvous endpoint is a free port of this node. srun needs `--overlap`
    to share the resources of the job with the step of this process; it would wait for them forever.
    """
    rank = ["-m", "caco.training.rank", str(plan)]
    if ranks.total == 1:
        return [sys.executable, *rank]
    torchrun = [sys.executable, "-m", "caco.training.runtime.torchrun"]
    torchrun += [
        "--nproc-per-node",
        str(ranks.per_node),
        "--log-dir",
        str(plan.parent / "torchrun"),
    ]
    if ranks.nodes == 1:
        return [*torchrun, "--standalone", *rank]
    nodes = str(ranks.nodes)
    srun = ["srun", "--overlap", "--nodes", nodes, "--ntasks", nodes, "--ntasks-per-node", "1"]
    srun += ["--cpus-per-task", str(len(os.sched_getaffinity(0))), "--kill-on-bad-exit=1"]
    rendezvous = [
        "--nnodes",
        nodes,
        "--rdzv-backend",
        "c10d",
        "--rdzv-id",
        os.environ["SLURM_JOB_ID"],
    ]
    rendezvous += ["--rdzv-endpoint", f"{socket.gethostname()}:{_free_port()}"]
    return [*srun, *torchrun, *rendezvous, *rank]


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("", 0))
        port: int = s.getsockname()[1]
        return port


def _environment(ranks: Ranks) -> dict[str, str]:
    """Returns the environment of the ranks of a node, which divide the cores of this process."""
    cores = len(os.sched_getaffinity(0))
    threads = os.environ.get("OMP_NUM_THREADS", "")
    cores = min(cores, int(threads)) if threads.isdigit() and int(threads) > 0 else cores
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(_SRC), os.environ.get("PYTHONPATH", "")]).rstrip(":"),
        "OMP_NUM_THREADS": str(max(1, cores // ranks.per_node)),
        "TORCH_CPP_LOG_LEVEL": "ERROR",
    }
    environment.setdefault("TORCH_EXTENSIONS_DIR", str(Path(".cache/torch_extensions").resolve()))
    if ranks.total == 1:  # what torchrun sets; torch chooses a free port
        environment |= {
            "RANK": "0", "LOCAL_RANK": "0", "GROUP_RANK": "0", "WORLD_SIZE": "1",
            "LOCAL_WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0",
        }  # fmt: skip
    if not _has_gpus():
        environment["DS_ACCELERATOR"] = "cpu"
        # By default glibc returns large freed blocks to the kernel, and every step causes page
        # faults for its tensors. With these settings, forward and backward passes processed 87
        # tokens per CPU second instead of 75.
        environment.setdefault("MALLOC_MMAP_MAX_", "0")
        environment.setdefault("MALLOC_TRIM_THRESHOLD_", str(1 << 40))
        # oneDNN keeps the code of each matrix product in bf16, by shape: 1,024 shapes in a cache of
        # its own, and as many per thread in torch's. Micro-batches of different lengths added 10 GB
        # in 34 steps of a model of 0.5B parameters. Smaller caches take no more time.
        environment.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
        environment.setdefault("LRU_CACHE_CAPACITY", "64")
    return environment


@dataclass(frozen=True, slots=True)
class TrainingArguments:
    """Inputs and outputs of a fine-tuning run, and how it is run.

    Attributes:
        model: Manifest of the base model.
        deepspeed: DeepSpeed settings file.
        checkpoint: Manifest to write, after all other files; its checkpoint is next to it.
        loss: Loss curve to write.
        checkpoints: Folder of the checkpoints to resume from.
        fingerprint: The parts of their fingerprint; see `Job.checkpoints`.
        ranks: Ranks per node without GPUs; None for one.
        save_every_s: Seconds between two checkpoints.
        rows: The files of the rows to train on, for messages.
    """

    model: Path
    deepspeed: Path
    checkpoint: Path
    loss: Path
    checkpoints: Path
    fingerprint: dict[str, str]
    ranks: int | None = None
    save_every_s: float = _SAVE_EVERY_S
    rows: tuple[Path, ...] = ()


def add_training_arguments(job: Job) -> None:
    """Adds the arguments of a fine-tuning run to those of one of the three scripts."""
    job.reads("--model", help="manifest of the base model")
    job.reads("--deepspeed", help="DeepSpeed settings for the `zero_stage` of the section")
    job.writes("--checkpoint", help="manifest of the fine-tuned model; its files are next to it")
    job.writes("--loss", help="loss curve; without rows if nothing was trained")
    job.takes("--ranks", help="ranks per node without GPUs", type=int)
    job.takes(
        "--save-every",
        help="seconds between checkpoints, from which a killed training resumes (%(default)s)",
        type=float,
        default=_SAVE_EVERY_S,
    )


def training_arguments(job: Job) -> TrainingArguments:
    """Returns the parsed arguments."""
    args = job.args
    checkpoints, fingerprint = job.checkpoints()
    rows = args.code_cots if hasattr(args, "code_cots") else [args.corpus]
    return TrainingArguments(
        model=args.model,
        deepspeed=args.deepspeed,
        checkpoint=args.checkpoint,
        loss=args.loss,
        checkpoints=checkpoints,
        fingerprint=fingerprint,
        ranks=args.ranks,
        save_every_s=args.save_every,
        rows=tuple(rows),
    )
