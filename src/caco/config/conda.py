"""Conda's environment files, generated from the pinned lists that `make envs` installs.

Snakemake copies an environment file elsewhere before it is used, so a file that refers to the list
beside it would not find it: the pins are written out. With torch go CUDA's libraries, which the
package index's torch needs (envs/torch_cuda.txt).
"""

from pathlib import Path

# Conda's name for what each list needs beside Python packages, and the interpreter it was made for.
_BASE = {
    "workflow": ["python=3.11"],
    "train": ["python=3.11", "gxx_linux-64"],
    "sandbox": ["python=3.12", "libnl"],
    "infer": ["python=3.11"],
    "infer_cuda": ["python=3.11", "gxx_linux-64"],
}


def conda_file(name: str, *lists: Path) -> str:
    """Returns the text of envs/{name}.yaml.

    Args:
        name: The environment.
        lists: The pinned lists that make it up.
    """
    pins = [line for path in lists for line in path.read_text(encoding="utf-8").splitlines()]
    packages = [line for line in pins if line and not line.startswith("#")]
    sources = " and ".join(path.name for path in lists)
    lines = [
        f"# Generated from {sources} by `make generated`: do not edit.",
        "channels: [conda-forge]",
        "dependencies:",
        *(f"  - {package}" for package in [*_BASE[name], "pip"]),
        "  - pip:",
        *(f"      - {package}" for package in packages),
    ]
    return "\n".join(lines) + "\n"


def generated_files(root: Path) -> dict[Path, str]:
    """Returns every environment file of the checkout at `root` with the text it must have."""
    envs = root / "envs"
    cuda = {name: [envs / "torch_cuda.txt"] for name in ("train", "infer", "infer_cuda")}
    return {
        envs / f"{name}.yaml": conda_file(name, envs / f"{name}.txt", *cuda.get(name, []))
        for name in _BASE
    }
