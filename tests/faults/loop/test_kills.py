"""The complete workflow, killed with SIGKILL during every stage."""

import pytest
from tests.e2e.loop import Loop, tiny_config

# Rules during which Snakemake is killed: every environment and kind of work.
RULES = {
    "seeds", "unify", "codegen", "sample", "verify", "writer", "question", "judge", "student",
    "answer", "grade",
}  # fmt: skip


def test_a_run_killed_during_every_stage_has_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """One kill a stage: more of each are in tests/faults/generation, without the workflow."""
    uninterrupted = Loop(tmp_path_factory.mktemp("uninterrupted").resolve(), tiny_config())
    code, printed = uninterrupted.run()
    assert code == 0, printed
    interrupted = Loop(tmp_path_factory.mktemp("interrupted").resolve(), tiny_config())
    remaining = set(RULES)
    while killed := interrupted.kill_during_any(remaining):
        remaining -= killed
    assert remaining == set()
    code, printed = interrupted.run()
    assert code == 0, printed
    assert interrupted.funnel(times=False) == uninterrupted.funnel(times=False)
    for table in ("seeds/products", "code_cots/products", "programs/00000", "verified/00001",
                  "questions/00000", "judged/00001", "checked/00001", "corpus/train"):  # fmt: skip
        found, expected = (run.results / f"{table}.parquet" for run in (interrupted, uninterrupted))
        assert found.read_bytes() == expected.read_bytes(), table
    assert interrupted.root() == uninterrupted.root()
    assert [*interrupted.results.rglob("*.part"), *interrupted.results.rglob("*.journal")] == []
