"""Verdicts of the rules on programs, and whether algebra agrees with them."""

from pathlib import Path

from tests.stages.verify.algebra import computes_nothing
from tests.stages.verify.rows import sampled

from caco.config.checks import Verify
from caco.rows.rejected import Rejected
from caco.sandbox.protocol import Sandbox
from caco.stages.seeds.readers.gsm8k import gsm8k_rows
from caco.stages.unify.code_cots import NotConvertible
from caco.stages.unify.converters.equations import from_equations
from caco.stages.verify.verify import verify_shard


def verdicts_of(texts: list[str], sandbox: Sandbox, settings: Verify) -> list[str]:
    """Returns each program's verdict, in order."""
    programs = [sampled(text, index) for index, text in enumerate(texts)]
    rows = verify_shard(iter(programs), sandbox, settings)
    return [row.verdict if isinstance(row, Rejected) else "verified" for row in rows]


def real_programs(data: Path, rows: int | None = None) -> list[str]:
    """Returns the programs that GSM8K's first `rows` training rows convert to."""
    texts = []
    for seed in gsm8k_rows(str(data / "seed" / "gsm8k_train.jsonl"), "gsm8k", rows):
        try:
            texts.append(from_equations(seed))
        except NotConvertible:
            continue
    return texts


def wrongly_rejected(texts: list[str], verdicts: list[str]) -> list[str]:
    """Returns the programs that were rejected although their formula computes something."""
    return [
        f"{verdict}:\n{text}"
        for verdict, text in zip(verdicts, texts, strict=True)
        if verdict not in ("verified", "duplicate") and not computes_nothing(text)
    ]
