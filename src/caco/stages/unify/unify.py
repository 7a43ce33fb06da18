"""Conversion of seeds to Code CoTs by the source's converter."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from caco.config.checks import Decontaminate, ProgramRules, Unifying
from caco.config.section import Section, load_implementation
from caco.config.sources import AnyUnify, Unify
from caco.errors import UserError
from caco.rows.code_cot import CodeCoT
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.runtime.provenance import Counts
from caco.sandbox.protocol import Sandbox


class UnifySpec(Section):
    """The settings that the rule `unify` depends on."""

    unify: AnyUnify
    checks: Unifying
    decontaminate: Decontaminate = Decontaminate()


def unify(
    seeds: Iterable[Seed], section: Unify, rules: ProgramRules, sandbox: Sandbox
) -> Iterator[CodeCoT | Rejected]:
    """Yields, for every seed, its Code CoT or its rejection.

    Verdicts: `not_convertible`; of the converter `equations` also `ambiguous`,
    `unexplained_constant` and `no_stated_number`; `not_code_cot` (the program violates the form);
    any outcome of the sandbox but `ok`, in the draw of inputs or in the run itself; `wrong_answer`;
    a rule of `verify` on text or runs; `unanalysable` (the converter or a rule cannot handle the
    seed); `duplicate` (an earlier seed has the same program). The script `unify.py` adds
    `held_out` and `contaminated`.

    Args:
        seeds: The source's seeds.
        section: The section that selects the converter.
        rules: The rules on text and runs.
        sandbox: Executes the programs.

    Raises:
        SandboxUnavailable: The sandbox failed.
    """
    converter = load_implementation(section)
    rows: Iterator[CodeCoT | Rejected] = converter.code_cots(seeds, rules, sandbox)
    return rows


def require_code_cots(
    counts: Counts, rejected: Sequence[Rejected], min_rows: int, seeds: Path, source: str
) -> None:
    """Raises `UserError` if a source with seeds has too few Code CoTs.

    Args:
        counts: The seeds by verdict.
        rejected: The rejected seeds.
        min_rows: The setting.
        seeds: The file of the seeds.
        source: The source's name in the config.
    """
    if not counts.rows_in or counts.accepted >= min_rows:
        return
    verdicts = sorted(counts.rejected.items(), key=lambda pair: -pair[1])
    raise UserError(
        f"{seeds}: {counts.accepted:,} of its {counts.rows_in:,} seeds became Code CoTs, but "
        f"`sources.{source}.unify.min_rows` is {min_rows:,}; rejected: "
        + ", ".join(f"{verdict} {number:,}" for verdict, number in verdicts)
        + f" (the first: {rejected[0].reason}); choose another `sources.{source}.unify.converter`, "
        "or lower `min_rows`"
    )
