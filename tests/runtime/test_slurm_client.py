"""The errors when Slurm does not answer."""

import pytest

from caco.errors import ClusterError
from caco.runtime.slurm_client import slurm_output


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["sh", "-c", "echo no controller >&2; exit 1"], "sh does not answer: no controller"),
        (["no-such-command"], r"no-such-command does not answer \(FileNotFoundError\)"),
        (["sleep", "60"], r"sleep does not answer \(TimeoutExpired\)"),
    ],
)
def test_no_answer_is_the_clusters_failure(command: list[str], message: str) -> None:
    with pytest.raises(ClusterError, match=message):
        slurm_output(command, timeout_s=0.5)


def test_an_answer_is_the_output() -> None:
    assert slurm_output(["echo", "7|RUNNING"]) == "7|RUNNING\n"
