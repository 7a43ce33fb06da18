"""Shows what a finished run was made from, and proves it again, offline.

`show` answers from the records what was run, and with `--against RUN` what changed since another
run; with `--page FILE` it writes the report of the run with these answers. `verify` reads every
file again, lists each missing, altered or torn one, checks the signature if there is one, and
prints the root digest. `sign` verifies the run and signs the root digest with an SSH key. `rerun`
executes random jobs again and compares their outputs with the records, in the folder of the
checkout. `diff` says what differs between two runs, and why. `trace` follows a row back to the
seeds, or a seed forward to what depends on it. All but `rerun` need the folder of the run only:
python scripts/audit.py verify results/embedded
"""

import argparse
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from caco.errors import CacoError
from caco.reports.audit.diff import diff
from caco.reports.audit.rerun import Rerun, executed_jobs, rerun, scratch_folder, summary
from caco.reports.audit.show import (
    printable,
    remember_rerun,
    remember_verification,
    show,
    show_text,
)
from caco.reports.audit.signature import check_signature, sign
from caco.reports.audit.trace import trace
from caco.reports.audit.verify import Audit, audit
from caco.reports.page.saved import saved_page
from caco.reports.records import planned_records, read_records, root_of
from caco.reports.run_files import open_run
from caco.runtime.atomic_files import write_text
from caco.runtime.job import run
from caco.runtime.jsonl import natural_number, positive_int
from caco.runtime.provenance import utc


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="show|verify|sign|rerun|diff|trace")
    shown = _add(commands, "show", _show, "answers from the records what was run")
    shown.add_argument("--page", type=Path, metavar="FILE", help="write the report there, as HTML")
    shown.add_argument("--against", type=Path, metavar="RUN", help="what changed since that run")
    verified = _add(commands, "verify", _verify, "compares every file with its record")
    verified.add_argument(
        "--signers", type=Path, metavar="FILE", help="require a signature of these allowed signers"
    )
    signed = _add(commands, "sign", _sign, "verifies the run, and signs its root digest")
    signed.add_argument("--key", type=Path, metavar="FILE", required=True, help="an SSH key")
    _add_rerun_options(_add(commands, "rerun", _rerun, "executes random jobs again and compares"))
    compared = _add(commands, "diff", _diff, "says what differs between two runs, and why")
    compared.add_argument("other", type=Path, help="folder of the second run")
    traced = _add(commands, "trace", _trace, "follows a row back, or a seed forward")
    traced.add_argument("id", help="identity, its first digits, ID.N, or row:N of the corpus")
    traced.add_argument("--all", action="store_true", help="list rows that are otherwise counted")
    args = parser.parse_args()
    args.command(args)


def _add(
    commands: Any, name: str, command: Callable[[argparse.Namespace], None], text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.add_argument("run", type=Path, help="folder of the run: results/{run}")
    parser.set_defaults(command=command)
    return parser


def _add_rerun_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--shards",
        type=positive_int,
        default=1,
        metavar="K",
        help="jobs of each rule (%(default)s)",
    )
    add("--stage", nargs="+", metavar="NAME", help="only these rules")
    add("--seed", type=int, help="chooses the jobs; another one each time if omitted")
    add(
        "--steps",
        type=natural_number,
        default=3,
        metavar="N",
        help="first steps of a training that are executed again; 0 for none (%(default)s)",
    )
    add("--scratch", type=Path, help="new folder for the outputs, which is kept")


def _show(args: argparse.Namespace) -> None:
    if args.page is None:
        print(show_text(show(args.run)))
        if args.against is not None:
            print(f"\n{printable(f'From {args.against} to {args.run}')}\n")
            print(show_text(diff(open_run(args.against), open_run(args.run))))
        return
    write_text(args.page, saved_page(args.run, args.against))
    print(f"{args.page}: the report of {args.run}")


def _verify(args: argparse.Namespace) -> None:
    folder: Path = args.run
    found = audit(folder)
    signature = None
    if found.root is not None:
        try:
            signature = check_signature(folder, found.root, args.signers)
        except CacoError as error:
            found.differences.append(str(error))
    root = _print_audit(found)
    if signature is not None:
        print(printable(signature))
    _remember(folder, lambda: remember_verification(folder, root, utc(time.time()), signature))


def _sign(args: argparse.Namespace) -> None:
    folder: Path = args.run
    root = _print_audit(audit(folder))
    sign(folder, args.key, root, utc(time.time()))
    signature = check_signature(folder, root, None)
    print(f"{folder}: {signature}")
    _remember(folder, lambda: remember_verification(folder, root, utc(time.time()), signature))


def _print_audit(found: Audit) -> str:
    """Prints the result of an audit; returns the root digest. Exits if a file differs."""
    for notice in found.notices:
        print(f"notice: {notice}")
    for difference in found.differences:
        print(f"input error: {difference}", file=sys.stderr)
    if found.differences:
        sys.exit(1)
    print(f"{found.files:,} files are as recorded")
    assert found.root is not None
    print(f"Root digest: {found.root}")
    return found.root


def _rerun(args: argparse.Namespace) -> None:
    folder: Path = args.run
    root = root_of(read_records(planned_records(folder)))
    seed = secrets.randbelow(1 << 32) if args.seed is None else args.seed
    with scratch_folder(args.scratch, folder) as scratch:
        results: list[Rerun] = []
        for one in rerun(folder, scratch, args.shards, args.stage, seed, args.steps):
            results.append(one)
            print("\n".join(map(printable, one.lines)), flush=True)
    print("\n".join([*map(printable, summary(results)), f"seed: {seed}"]))
    equal, others = executed_jobs(results)
    _remember(folder, lambda: remember_rerun(folder, root, utc(time.time()), equal, others))
    if others or not equal:
        sys.exit(1)


def _diff(args: argparse.Namespace) -> None:
    print(show_text(diff(open_run(args.run), open_run(args.other))))


def _trace(args: argparse.Namespace) -> None:
    found = trace(open_run(args.run), args.id, every=args.all)
    print("\n".join(map(printable, found.lines)))
    for gap in found.gaps:
        print(f"input error: {gap}", file=sys.stderr)
    if found.gaps:
        sys.exit(1)


def _remember(folder: Path, write: Callable[[], None]) -> None:
    """Writes a result for `show` into the folder of a run, which may be read-only."""
    try:
        write()
    except (OSError, CacoError):
        print(f"notice: {folder}: not writable, so `show` has no time of this")


if __name__ == "__main__":
    run(main)
