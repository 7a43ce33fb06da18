"""Verdicts of the rules on programs, compared with the programs' formulas."""

from pathlib import Path

from tests.stages.verify.algebra import has_trivial_formula
from tests.stages.verify.rows import sampled

from caco.config.checks import Verify
from caco.rows.rejected import Rejected
from caco.sandbox.protocol import Sandbox
from caco.stages.seeds.readers.gsm8k import gsm8k_rows
from caco.stages.unify.not_convertible import NotConvertible
from caco.stages.unify.solution_program import from_equations
from caco.stages.verify.verify import verify_shard


def verdicts_of(texts: list[str], sandbox: Sandbox, settings: Verify) -> list[str]:
    """Returns each program's verdict, in order."""
    programs = [sampled(text, index) for index, text in enumerate(texts)]
    rows = verify_shard(iter(programs), sandbox, settings)
    return [row.verdict if isinstance(row, Rejected) else "verified" for row in rows]


def real_programs(data: Path, rows: int | None = None) -> list[str]:
    """Returns the programs of GSM8K's first `rows` training rows that are convertible."""
    texts = []
    for seed in gsm8k_rows(str(data / "seed" / "gsm8k_train.jsonl"), "gsm8k", rows):
        if isinstance(seed, Rejected):
            continue
        try:
            texts.append(from_equations(seed))
        except NotConvertible:
            continue
    return texts


def wrongly_rejected(texts: list[str], verdicts: list[str]) -> list[str]:
    """Returns the rejected programs whose formula is not trivial."""
    return [
        f"{verdict}:\n{text}"
        for verdict, text in zip(verdicts, texts, strict=True)
        if verdict not in ("verified", "duplicate") and not has_trivial_formula(text)
    ]
