"""What a person needs to repeat a benchmark: command, commit, packages, machine and files."""

import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gpu import gpu_names

from caco.identity import file_sha256
from caco.runtime.gpus import query_gpus

_PACKAGES = ("torch", "transformers", "vllm", "deepspeed", "liger-kernel")
_VARIABLES = ("VLLM_", "OMP_", "CUDA_", "TORCH_", "NCCL_", "CACO_")


def repetition(files: Sequence[Path], facts: Mapping[str, object]) -> str:
    """Returns a Markdown list of what decides the figures besides this checkout's code.

    Args:
        files: The files that were read, which are named with their SHA-256.
        facts: What else the program has chosen, by name.
    """
    gpus = gpu_names()
    drivers = {driver for (driver,) in query_gpus("driver_version")}
    machine = ", ".join([*gpus, *(f"driver {driver}" for driver in sorted(drivers))])
    if not gpus:
        machine = f"{platform.machine()}, no GPU: these are figures of a CPU"
    lines = {
        "command": shlex.join([Path(sys.executable).name, *sys.argv]),
        "commit": _commit(),
        "packages": ", ".join(filter(None, map(_version, _PACKAGES))),
        "machine": f"{machine}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}",
        "environment": " ".join(
            f"{name}={value}"
            for name, value in sorted(os.environ.items())
            if name.startswith(_VARIABLES)
        )
        or "nothing of the libraries set",
        **{name: str(value) for name, value in facts.items()},
        **{str(file): f"SHA-256 {file_sha256(file)}" for file in files},
    }
    return "\n".join(f"- {name}: {value}" for name, value in lines.items()) + "\n"


def _commit() -> str:
    """Returns the checkout's commit, with `+changes` if files differ."""
    done = subprocess.run(
        ["git", "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+changes"],
        cwd=Path(__file__).parent, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip() or "not a git checkout"


def _version(package: str) -> str | None:
    for name in (package, f"{package}-cpu"):
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
    return None
