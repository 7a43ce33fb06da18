"""Shows what a finished run was made from, or compares every file with its record, offline.

`show` answers from the records what was run. `verify` reads every file again, lists each missing,
altered or torn one, and prints the root digest. For interactive use, on any machine with the run's
folder: python scripts/audit.py verify results/embedded
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from caco.reports.audit import audit
from caco.reports.show import remember_verification, show, show_text
from caco.runtime.job import run
from caco.runtime.provenance import utc


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="show|verify")
    _add(commands, "show", _show, "answers from the records what was run")
    _add(commands, "verify", _verify, "compares every file with its record")
    args = parser.parse_args()
    args.command(args.run)


def _add(commands: Any, name: str, command: Callable[[Path], None], text: str) -> None:
    parser = commands.add_parser(name, help=text)
    parser.add_argument("run", type=Path, help="folder of the run: results/{run}")
    parser.set_defaults(command=command)


def _show(folder: Path) -> None:
    print(show_text(show(folder)))


def _verify(folder: Path) -> None:
    found = audit(folder)
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
        remember_verification(folder, found.root, utc(time.time()))
    except OSError as error:
        print(f"notice: {folder}: not writable ({error.strerror}), so `show` has no time of this")


if __name__ == "__main__":
    run(main)
