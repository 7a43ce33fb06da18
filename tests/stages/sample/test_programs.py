"""Sampling: the dependencies and the columns of a sampled program."""

from tests.fake_engine import FakeEngine, truncated

from caco.config.engines import TransformersEngineConfig
from caco.config.generation import Sample, Sampling
from caco.engines.protocol import GeneratingModel
from caco.stages.sample import sample_shard
from caco.syntax import program_id


def _section(count=6, seed=3, batch=64, temperature=0.9):
    return Sample(
        programs_per_shard=count,
        engine=TransformersEngineConfig(batch=batch),
        sampling=Sampling(temperature=temperature, max_new_tokens=50, seed=seed),
    )


def _prompted(engine, model="m"):
    return GeneratingModel(engine, lambda user: f"<prefix>{user}", model)


def _sampled(section=None, shard="00000", model="m"):
    engine = FakeEngine(lambda r: f"input = {{'a': {r.seed}}}  # sampled")
    return list(sample_shard(_prompted(engine, model), section or _section(), shard)), engine


def test_rows_are_in_the_order_of_their_index_with_a_seed_each():
    rows, engine = _sampled()
    assert [row.index for row in rows] == list(range(6))
    assert len({row.seed for row in rows}) == 6
    assert [r.seed for r in engine.requests] == [row.seed for row in rows]
    assert {r.prompt for r in engine.requests} == {"<prefix>"}
    assert all(str(row.seed) in row.program for row in rows)


def test_more_programs_do_not_change_the_first():
    assert _sampled(_section(count=3))[0] == _sampled(_section(count=6))[0][:3]


def test_the_batch_size_does_not_change_the_samples():
    assert _sampled(_section(batch=1))[0] == _sampled(_section(batch=64))[0]


def test_a_samples_identity_depends_on_shard_seed_sampling_and_checkpoint():
    rows = _sampled()[0]
    for other in (
        _sampled(shard="00001")[0],
        _sampled(_section(seed=4))[0],
        _sampled(_section(temperature=0.8))[0],
        _sampled(model="n")[0],
    ):
        assert not {r.sample_id for r in rows} & {r.sample_id for r in other}


def test_the_text_is_unchanged_and_identified_by_its_normal_form():
    (row,) = sample_shard(_prompted(FakeEngine(lambda r: " x = 1 # one\n")), _section(1), "00000")
    assert row.program == " x = 1 # one\n"
    (plain,) = sample_shard(_prompted(FakeEngine(lambda r: "x=1")), _section(1), "00000")
    assert plain.program_id == program_id("x = 1")


def test_a_truncated_program_has_its_finish_reason():
    (row,) = sample_shard(_prompted(FakeEngine(truncated)), _section(1), "00000")
    assert (row.finish_reason, row.tokens) == ("length", 50)
