"""Conda's environment files, generated from the pinned lists that `make envs` installs.

Snakemake copies an environment file elsewhere before it is used, so a file that refers to the list
beside it would not find it: the pins are written out.
"""

from pathlib import Path

# Conda's name for what each list needs beside Python packages, and the interpreter it was made for.
_BASE = {
    "workflow": ["python=3.11"],
    "train": ["python=3.11", "gxx_linux-64"],
    "sandbox": ["python=3.12", "libnl"],
    "infer": ["python=3.11"],
    "infer_cuda": ["python=3.11"],
}


def conda_file(name: str, pins: str) -> str:
    """Returns the text of envs/{name}.yaml.

    Args:
        name: The environment.
        pins: The text of envs/{name}.txt.
    """
    packages = [line for line in pins.splitlines() if line and not line.startswith("#")]
    lines = [
        f"# Generated from {name}.txt by `make generated`: do not edit.",
        "channels: [conda-forge]",
        "dependencies:",
        *(f"  - {package}" for package in [*_BASE[name], "pip"]),
        "  - pip:",
        *(f"      - {package}" for package in packages),
    ]
    return "\n".join(lines) + "\n"


def generated_files(root: Path) -> dict[Path, str]:
    """Returns every environment file of the checkout at `root` with the text it must have."""
    return {
        root / "envs" / f"{name}.yaml": conda_file(
            name, (root / "envs" / f"{name}.txt").read_text(encoding="utf-8")
        )
        for name in _BASE
    }
