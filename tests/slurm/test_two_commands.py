"""Two commands on one results folder, locally and on Slurm: the second is refused in one sentence.

One `make demo`, one plain command and one command on Slurm, each as the first and as the second.
"""

import sys

import pytest

from tests.slurm.checkout import ON_SLURM, PROGRAMS, SlurmCheckout, wait_until
from tests.slurm.cluster import Cluster

_PLAIN = [sys.executable, "-m", "snakemake", "--profile", "profiles/local", "--cores", "2"]
COMMANDS = {
    "plain": [*_PLAIN, *PROGRAMS],
    "demo": ["make", "demo"],
    "slurm": [*ON_SLURM, *PROGRAMS],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_second_command_is_refused_and_the_first_goes_on(
    name: str, cluster: Cluster, checkout: SlurmCheckout
) -> None:
    first = checkout.start(*COMMANDS[name])
    wait_until("a job of sample", lambda: bool(checkout.recorded()))
    before = checkout.files()
    for command in COMMANDS.values():
        second = checkout.start(*command)
        printed, _ = second.communicate(timeout=120)
        assert second.returncode != 0
        assert "results/embedded: another Snakemake runs on this folder (process " in printed
        assert "Traceback" not in printed and "LockException" not in printed
    lost = {file for file, changed in before.items() if checkout.files().get(file) != changed}
    assert lost == set()

    (checkout.folder / "continue").touch()
    printed, _ = first.communicate(timeout=300)
    assert first.returncode == 0, printed
    assert checkout.planned(*PROGRAMS) == set()
