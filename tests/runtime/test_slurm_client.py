"""What is said where Slurm does not answer."""

import pytest

from caco.errors import ClusterError
from caco.runtime.slurm_client import slurm_output


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["sh", "-c", "echo no controller >&2; exit 1"], "sh does not answer: no controller"),
        (["no-such-command"], r"no-such-command does not answer \(FileNotFoundError\)"),
        (["sleep", "60"], r"sleep does not answer \(TimeoutExpired\)"),
    ],
)
def test_silence_is_the_clusters_failure(command: list[str], said: str) -> None:
    with pytest.raises(ClusterError, match=said):
        slurm_output(command, timeout_s=0.5)


def test_an_answer_is_what_was_printed() -> None:
    assert slurm_output(["echo", "7|RUNNING"]) == "7|RUNNING\n"
