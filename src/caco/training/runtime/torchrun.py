"""torchrun on one node of a fine-tuning: `launch` starts it, it starts the ranks.

As torch's own command, less its traceback and its notes: a rank that fails says why.
"""

import logging
import os
import signal
import sys
from pathlib import Path

from caco.training.runtime.checkpoints import STOP
from caco.training.runtime.preemption import forward_preemption


def main() -> None:
    """Runs the ranks until the last has ended, or one has failed.

    The last word of the command line is the plan, which lies in the scratch folder.
    """
    forward_preemption(Path(sys.argv[-1]).parent / STOP)
    # torchrun would take these back and end the ranks.
    os.environ["TORCHELASTIC_SIGNALS_TO_HANDLE"] = "SIGQUIT"
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import parse_args, run

    logging.disable(logging.CRITICAL)
    try:
        run(parse_args(sys.argv[1:]))
    except ChildFailedError as e:
        rank, failure = e.get_first_failure()
        sys.exit(f"rank {rank} on {os.uname().nodename}: {_ending(failure.exitcode)}")


def _ending(code: int) -> str:
    """Returns how a process ended, in words."""
    return f"exit code {code}" if code >= 0 else f"ended by {signal.Signals(-code).name}"


if __name__ == "__main__":
    main()
