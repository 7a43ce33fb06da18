"""Sampling: what a draw depends on, and what a row says of it."""

from tests.fake_engine import FakeEngine, cut

from caco.config.engines import TransformersEngineConfig
from caco.config.generation import Sample, Sampling
from caco.stages.sample import sample_shard
from caco.syntax import program_id


def _section(count=6, seed=3, batch=64, temperature=0.9):
    return Sample(
        programs_per_shard=count,
        engine=TransformersEngineConfig(batch=batch),
        sampling=Sampling(temperature=temperature, max_new_tokens=50, seed=seed),
    )


def _sampled(section=None, shard="00000", model="m"):
    engine = FakeEngine(lambda r: f"input = {{'a': {r.seed}}}  # sampled")
    return list(sample_shard(engine, "<prefix>", section or _section(), shard, model)), engine


def test_rows_are_in_the_order_of_their_index_with_a_seed_each():
    rows, engine = _sampled()
    assert [row.index for row in rows] == list(range(6))
    assert len({row.seed for row in rows}) == 6
    assert [r.seed for r in engine.requests] == [row.seed for row in rows]
    assert {r.prompt for r in engine.requests} == {"<prefix>"}
    assert all(str(row.seed) in row.program for row in rows)


def test_more_programs_change_none_of_the_first():
    assert _sampled(_section(count=3))[0] == _sampled(_section(count=6))[0][:3]


def test_the_batch_is_no_part_of_a_draws_name():
    assert _sampled(_section(batch=1))[0] == _sampled(_section(batch=64))[0]


def test_shard_seed_sampling_and_checkpoint_are():
    rows = _sampled()[0]
    for other in (
        _sampled(shard="00001")[0],
        _sampled(_section(seed=4))[0],
        _sampled(_section(temperature=0.8))[0],
        _sampled(model="n")[0],
    ):
        assert not {r.sample_id for r in rows} & {r.sample_id for r in other}


def test_the_text_is_kept_as_sampled_and_named_by_its_normal_form():
    (row,) = sample_shard(FakeEngine(lambda r: " x = 1 # one\n"), "", _section(1), "00000", "m")
    assert row.program == " x = 1 # one\n"
    (plain,) = sample_shard(FakeEngine(lambda r: "x=1"), "", _section(1), "00000", "m")
    assert plain.program_id == program_id("x = 1")


def test_a_program_without_an_end_says_so():
    (row,) = sample_shard(FakeEngine(cut), "", _section(1), "00000", "m")
    assert (row.finish_reason, row.tokens) == ("length", 50)
