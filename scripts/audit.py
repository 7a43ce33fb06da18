"""Shows what a finished run was made from, or compares every file with its record, offline.

`show` answers from the records what was run. `verify` reads every file again, lists each missing,
altered or torn one, and prints the root digest. `diff` says what differs between two runs, and why.
`trace` follows a row back to the seeds, or a seed forward to what depends on it. For interactive
use, on any machine with the run's folder: python scripts/audit.py verify results/embedded
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from caco.reports.audit import audit
from caco.reports.diff import diff
from caco.reports.run_files import open_run
from caco.reports.show import printable, remember_verification, show, show_text
from caco.reports.trace import trace
from caco.runtime.job import run
from caco.runtime.provenance import utc


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="show|verify|diff|trace")
    _add(commands, "show", _show, "answers from the records what was run")
    _add(commands, "verify", _verify, "compares every file with its record")
    compared = commands.add_parser("diff", help="says what differs between two runs, and why")
    compared.add_argument("run", type=Path, help="folder of the first run: results/{run}")
    compared.add_argument("other", type=Path, help="folder of the second run")
    compared.set_defaults(command=_diff)
    traced = commands.add_parser("trace", help="follows a row back, or a seed forward")
    traced.add_argument("run", type=Path, help="folder of the run: results/{run}")
    traced.add_argument("id", help="identity, its first digits, ID.N, or row:N of the corpus")
    traced.add_argument("--all", action="store_true", help="list rows that are otherwise counted")
    traced.set_defaults(command=_trace)
    args = vars(parser.parse_args())
    args.pop("command")(**args)


def _add(commands: Any, name: str, command: Callable[[Path], None], text: str) -> None:
    parser = commands.add_parser(name, help=text)
    parser.add_argument("run", type=Path, help="folder of the run: results/{run}")
    parser.set_defaults(command=command)


def _show(run: Path) -> None:
    print(show_text(show(run)))


def _diff(run: Path, other: Path) -> None:
    print(show_text(diff(open_run(run), open_run(other))))


def _trace(run: Path, id: str, all: bool) -> None:
    found = trace(open_run(run), id, every=all)
    print("\n".join(map(printable, found.lines)))
    for gap in found.gaps:
        print(f"input error: {gap}", file=sys.stderr)
    if found.gaps:
        sys.exit(1)


def _verify(run: Path) -> None:
    found = audit(run)
    for notice in found.notices:
        print(f"notice: {notice}")
    for difference in found.differences:
        print(f"input error: {difference}", file=sys.stderr)
    if found.differences:
        sys.exit(1)
    print(f"{found.files:,} files are as recorded")
    print(f"Root digest: {found.root}")
    assert found.root is not None
    try:
        remember_verification(run, found.root, utc(time.time()))
    except OSError as error:
        print(f"notice: {run}: not writable ({error.strerror}), so `show` has no time of this")


if __name__ == "__main__":
    run(main)
