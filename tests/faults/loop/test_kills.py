"""The whole loop, killed with SIGKILL in the midst of every stage."""

import pytest
from tests.e2e.loop import Loop, tiny_config

# Rules in whose midst Snakemake is killed: one of each environment and kind of work.
KILLED_IN = {
    "seeds", "unify", "codegen", "sample", "verify", "writer", "question", "judge", "student",
    "bench",
}  # fmt: skip


def test_killed_in_every_stage_the_run_ends_with_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    undisturbed = Loop(tmp_path_factory.mktemp("undisturbed").resolve(), tiny_config())
    code, printed = undisturbed.run()
    assert code == 0, printed
    disturbed = Loop(tmp_path_factory.mktemp("disturbed").resolve(), tiny_config())
    left = KILLED_IN
    while killed := disturbed.kill_during_any(left):
        left = left - killed
    assert left == set()
    code, printed = disturbed.run()
    assert code == 0, printed
    assert disturbed.funnel(times=False) == undisturbed.funnel(times=False)
    for table in ("seeds/products", "code_cots/products", "programs/00000", "verified/00001",
                  "questions/00000", "judged/00001", "corpus/train"):  # fmt: skip
        ours, theirs = (side.results / f"{table}.parquet" for side in (disturbed, undisturbed))
        assert ours.read_bytes() == theirs.read_bytes(), table
    assert [*disturbed.results.rglob("*.part"), *disturbed.results.rglob("*.journal")] == []
