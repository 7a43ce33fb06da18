"""torchrun on one node of a fine-tuning run: started by `launch`, it starts the ranks.

It is torch's command without its traceback and log: a failed rank prints the cause itself.
"""

import logging
import os
import signal
import sys
from pathlib import Path

from caco.training.runtime.checkpoints import STOP
from caco.training.runtime.preemption import forward_preemption


def main() -> None:
    """Runs the ranks until all have exited or one has failed.

    The last argument is the path of the plan, which is in the scratch folder.
    """
    forward_preemption(Path(sys.argv[-1]).parent / STOP)
    # By default torchrun handles the preemption signals and terminates the ranks.
    os.environ["TORCHELASTIC_SIGNALS_TO_HANDLE"] = "SIGQUIT"
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import parse_args, run

    logging.disable(logging.CRITICAL)
    try:
        run(parse_args(sys.argv[1:]))
    except ChildFailedError as e:
        rank, failure = e.get_first_failure()
        sys.exit(f"rank {rank} on {os.uname().nodename}: {_exit_description(failure.exitcode)}")


def _exit_description(code: int) -> str:
    """Returns the description of an exit code."""
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


if __name__ == "__main__":
    main()
