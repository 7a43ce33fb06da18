"""A checkout whose runs submit to Slurm."""

import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import yaml

from tests.e2e.loop import CONCURRENT_RULES, CORES, Loop

_CPUS = {
    **dict.fromkeys(("unify", "codegen", "writer", "student"), CORES),
    **dict.fromkeys(CONCURRENT_RULES, 1),
}
_SNAKEMAKE = Path(__file__).with_name("snakemake_fast_polling.py")


class SlurmLoop(Loop):
    """`Loop` with a site file and `snakemake --profile slurm`."""

    def __init__(
        self, folder: Path, config: dict[str, Any], site: dict[str, Any], *targets: str
    ) -> None:
        super().__init__(folder, config)
        self._targets = targets
        overrides = site.get("rules", {})
        rules = {rule: {"cpus": cpus, **overrides.get(rule, {})} for rule, cpus in _CPUS.items()}
        (folder / "site.yaml").write_text(yaml.safe_dump({**site, "rules": rules, "max_jobs": 4}))

    def start(self, output: IO[str] | int = subprocess.PIPE) -> subprocess.Popen[str]:
        """Starts Snakemake as on a cluster, but with a query of Slurm every second.

        Args:
            output: Destination of stdout and stderr.
        """
        return subprocess.Popen(
            [sys.executable, _SNAKEMAKE, "--profile", "slurm",
             "--max-status-checks-per-second", "1", *self._targets],
            cwd=self.folder, stdout=output, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip
