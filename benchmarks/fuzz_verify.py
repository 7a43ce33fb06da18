"""Verifies mutated programs: every one must get a verdict, whatever it is.

Runs the stage `verify` (rules on the text, sandbox, further runs, files) on programs that are
mutated by grammar from those of the easy families, of generated arithmetic and SymPy, and, with
--gsm8k, of GSM8K. Prints the verdicts as a Markdown table. A failure of the stage ends the program
with the mutant that causes it. See docs/benchmarks.md.
"""

import argparse
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # for its siblings, and caco, a link

from mutants import Mutator
from programs import plain_programs, sympy_programs

from caco.config.checks import SandboxLimits, Verify
from caco.config.sources import Families
from caco.identity import digest
from caco.rows.program import Program
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.rows.table import read_rows, write_rows
from caco.rows.verified import Verified
from caco.runtime.job import run
from caco.sandbox.nsjail import NsjailSandbox
from caco.sandbox.protocol import Sandbox
from caco.stages.seeds.families import counting, lists
from caco.stages.seeds.read import read_seeds
from caco.stages.verify.verify import verify_file
from caco.syntax import program_id

# A mutant that does not end takes the whole limit, in up to 26 runs.
LIMITS = SandboxLimits(cpu_s=0.5, wall_s=3.0, memory_mb=512, output_bytes=16_384)
_SHARD = 2_000
_PER_FAMILY = 4


class NoVerdict(Exception):
    """The stage failed on a mutant, or lost it; the text shows the mutant."""


def real_programs(gsm8k: Path | None = None) -> list[str]:
    """Returns the programs to mutate.

    Args:
        gsm8k: GSM8K's .jsonl file, of which up to 400 programs are added.
    """
    names = sorted({**counting.FAMILIES, **lists.FAMILIES})  # the others need reasoning-gym
    reader = Families(reader="families", families=names, rows=_PER_FAMILY * len(names))
    families = [
        seed.program for seed in read_seeds(reader, "families", []) if isinstance(seed, Seed)
    ]
    converted = plain_programs(400, gsm8k) if gsm8k else []
    return [
        *(text for text in families if text), *plain_programs(40, None), *sympy_programs(24),
        *converted,
    ]  # fmt: skip


def verdicts(programs: Sequence[str], sandbox: Sandbox, settings: Verify) -> Counter[str]:
    """Returns how many programs have each verdict; `verified` if there is none.

    Raises:
        NoVerdict: A program has none, or the stage failed.
    """
    rows = [_sampled(text, index) for index, text in enumerate(programs)]
    try:
        return _verdicts(rows, sandbox, settings)
    except Exception as error:
        for row in rows:
            try:
                _verdicts([row], sandbox, settings)
            except Exception as own:
                raise NoVerdict(f"{type(own).__name__}: {own}\n{row.program}") from own
        raise NoVerdict("the stage fails on the shard, but on none of its programs") from error


def _verdicts(rows: list[Program], sandbox: Sandbox, settings: Verify) -> Counter[str]:
    with tempfile.TemporaryDirectory() as name:
        names = ("programs", "verified", "rejected")
        programs, verified, rejected = (Path(name) / f"{file}.parquet" for file in names)
        write_rows(programs, Program, rows)
        counts = verify_file(programs, verified, rejected, sandbox, settings)
        found = {row.sample_id: "verified" for row in read_rows(verified, Verified)}
        found |= {row.row_id: row.verdict for row in read_rows(rejected, Rejected)}
        counts.check()
        if counts.rows_in != len(rows) or found.keys() != {row.sample_id for row in rows}:
            raise NoVerdict(f"{len(rows)} programs have {len(found)} verdicts")
        return Counter(found.values())


def _sampled(text: str, index: int) -> Program:
    return Program(
        sample_id=digest("mutant", str(index), text), program_id=program_id(text), shard="00000",
        index=index, program=text, model="", seed=index, tokens=0, finish_reason="stop",
    )  # fmt: skip


def main() -> None:
    """Verifies mutants and prints the verdicts."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--programs", type=int, default=20_000, help="mutants (%(default)s)")
    add("--seed", type=int, default=0, help="seed of the mutations (%(default)s)")
    add("--workers", type=int, default=2, help="programs that run at a time (%(default)s)")
    add("--gsm8k", type=Path, help="GSM8K's .jsonl file, whose programs are mutated too")
    args = parser.parse_args()
    warnings.simplefilter("ignore", SyntaxWarning)  # of the mutants
    texts = real_programs(args.gsm8k)
    mutants = Mutator(texts, args.seed).mutants(args.programs)
    found: Counter[str] = Counter()
    started = time.monotonic()
    with NsjailSandbox(LIMITS, args.workers) as sandbox:
        while shard := list(islice(mutants, _SHARD)):
            found += verdicts(shard, sandbox, Verify())
    seconds = time.monotonic() - started
    print(f"{len(texts):,} programs, {found.total():,} mutants, {seconds:.0f} s\n")
    print("| verdict | mutants |\n|---|---|")
    for verdict, number in found.most_common():
        print(f"| `{verdict}` | {number:,} |")


if __name__ == "__main__":
    run(main)
