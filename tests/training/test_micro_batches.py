"""Micro-batches by tokens: bounded, equally many on every rank, and the same at every start."""

from random import Random

import pyarrow as pa
import pytest

from caco.config.section import section_of_spec
from caco.config.training import Training
from caco.errors import UserError
from caco.training.micro_batches import StepLoader, Steps, TokenRows, divide


@pytest.mark.parametrize("ranks", [1, 2, 3, 8])
def test_micro_batches_are_bounded_equally_many_and_hold_every_row_once(ranks):
    rng = Random(ranks)
    for _ in range(60):
        limit = rng.randint(20, 400)
        lengths = [rng.randint(1, limit) for _ in range(rng.randint(1, 90))]
        plan = divide(lengths, ranks, limit)
        assert len(plan) == ranks
        (passes,) = {len(own) for own in plan}
        micro_batches = [rows for own in plan for rows in own]
        assert sorted(i for rows in micro_batches for i in rows) == list(range(len(lengths)))
        assert all(sum(lengths[i] for i in rows) <= limit for rows in micro_batches)
        # No two micro-batches of one rank could be one: about as few as possible.
        assert passes <= 2 * -(-sum(lengths) // (ranks * limit)) + 1


def test_rows_that_fit_are_one_micro_batch_in_their_order():
    assert divide([5, 9, 3], 1, 17) == [[[0, 1, 2]]]
    assert divide([5, 9, 3], 1, 16) == [[[1], [0, 2]]]


def test_ranks_run_micro_batches_of_similar_size_together():
    rng = Random(3)
    lengths = [rng.randint(60, 700) for _ in range(128)]
    plan = divide(lengths, 4, 8192)
    for at in range(len(plan[0])):
        sizes = [sum(lengths[i] for i in own[at]) for own in plan]
        assert max(sizes) < 1.1 * min(sizes)


def _rows(count):
    rng = Random(5)
    ids = [[rng.randrange(1, 90) for _ in range(rng.randint(2, 40))] for _ in range(count)]
    labels = [[-100, *row[1:-1], row[-1]] if i % 3 else row for i, row in enumerate(ids)]
    kind = pa.list_(pa.int32())
    halves = [
        pa.table({"input_ids": pa.array(a, kind), "labels": pa.array(b, kind)})
        for a, b in ((ids[:7], labels[:7]), (ids[7:], labels[7:]))
    ]
    return pa.concat_tables(halves), ids, labels


def test_rows_are_read_from_every_chunk_of_the_table():
    table, ids, labels = _rows(23)
    rows = TokenRows(table)
    assert rows.lengths == [len(row) for row in ids]
    assert rows.labelled == [len(row) - 1 for row in ids]
    sliced = TokenRows(table.slice(5, 9))
    assert sliced.lengths == rows.lengths[5:14]
    for epoch in range(2):
        seen = []
        steps = Steps(rows, 4, 60, seed=1, rank=0, ranks=1)
        steps.set_epoch(epoch)
        for step in steps:
            batch = rows.__getitems__(step)
            for numbers, micro_batch in zip(step.micro_batches, batch.micro_batches, strict=True):
                assert [row["input_ids"].tolist() for row in micro_batch] == [
                    ids[i] for i in numbers
                ]
                assert [row["labels"].tolist() for row in micro_batch] == [
                    labels[i] for i in numbers
                ]
                seen += numbers
            assert step.tokens == sum(rows.lengths[i] for own in step.micro_batches for i in own)
        assert sorted(seen) == list(range(23))


def _steps(epoch, rank=0, ranks=1):
    steps = Steps(TokenRows(_rows(23)[0]), 4, 60, seed=1, rank=rank, ranks=ranks)
    steps.set_epoch(epoch)
    return list(steps)


def test_an_epoch_has_the_same_steps_at_every_start_and_another_epoch_has_others():
    assert _steps(1) == _steps(1) != _steps(0)
    assert len(_steps(0)) == 6


def test_the_ranks_have_the_rows_of_one_rank():
    for alone, *together in zip(_steps(0), *(_steps(0, rank, 3) for rank in range(3)), strict=True):
        rows = sorted(i for own in together for numbers in own.micro_batches for i in numbers)
        assert rows == sorted(i for numbers in alone.micro_batches for i in numbers)
        assert {(own.tokens, own.labelled) for own in together} == {(alone.tokens, alone.labelled)}


def test_a_resumed_epoch_has_the_remaining_steps():
    from accelerate import skip_first_batches

    rows = TokenRows(_rows(23)[0])
    loader = StepLoader(
        rows, batch_sampler=Steps(rows, 4, 60, 1, 0, 1), collate_fn=lambda step: step
    )
    loader.set_epoch(2)
    whole = list(loader)
    rest = skip_first_batches(loader, 4)
    rest.batch_sampler.batch_sampler.set_epoch(2)
    assert [str(step) for step in rest] == [str(step) for step in whole[4:]]


def test_a_row_must_fit_into_a_micro_batch():
    spec = '{"epochs": 1, "learning_rate": 0.1, "global_batch": 2, "cutoff": 9000}'
    with pytest.raises(
        UserError, match="`micro_tokens` is 8192, less than one row of `cutoff` 9000"
    ):
        section_of_spec(Training, spec)
