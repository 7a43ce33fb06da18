"""A checkout whose runs go to Slurm."""

import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import yaml

from tests.e2e.loop import CORES, SIDE_BY_SIDE, Loop

_CPUS = {
    **dict.fromkeys(("unify", "codegen", "writer", "student"), CORES),
    **dict.fromkeys(SIDE_BY_SIDE, 1),
}
_SNAKEMAKE = Path(__file__).with_name("snakemake_now.py")


class SlurmLoop(Loop):
    """As `Loop`, with a site file, by `snakemake --profile slurm`."""

    def __init__(
        self, folder: Path, config: dict[str, Any], site: dict[str, Any], *targets: str
    ) -> None:
        super().__init__(folder, config)
        self._targets = targets
        own = site.get("rules", {})
        rules = {rule: {"cpus": cpus, **own.get(rule, {})} for rule, cpus in _CPUS.items()}
        (folder / "site.yaml").write_text(yaml.safe_dump({**site, "rules": rules, "max_jobs": 4}))

    def start(self, said: IO[str] | int = subprocess.PIPE) -> subprocess.Popen[str]:
        """Starts Snakemake as a person on a cluster does, but that it asks Slurm more often.

        Args:
            said: Where to what it prints goes.
        """
        return subprocess.Popen(
            [sys.executable, _SNAKEMAKE, "--profile", "slurm",
             "--max-status-checks-per-second", "1", *self._targets],
            cwd=self.folder, stdout=said, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip
