"""A shard is proven to be samples of its model, and every planted change of it is found."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.forked import run_script
from tests.proof.conftest import manifest_of, recorded, sampled

from caco.config.generation import Sampling
from caco.errors import UserError
from caco.identity import canonical_json, digest
from caco.models.tokenizer import completion_ids, load_tokenizer
from caco.proof.evidence import Evidence, evidence
from caco.proof.generation import prove_generation
from caco.proof.scores import TEMPERATURES, DrawnRow, RowScores, Scorer
from caco.runtime.checksums import write_checked

ROOT = Path(__file__).parents[2]


def _proof(tmp_path, manifest, rows, **sampling):
    return prove_generation(recorded(tmp_path, manifest, rows, **sampling), tmp_path)


def test_samples_of_the_recorded_model_are_consistent(tmp_path, codegen, programs):
    proof = _proof(tmp_path, codegen, programs)
    assert proof.verdict == "consistent", proof.line
    assert (proof.rows, proof.differences, proof.evidence.outside) == (64, [], 0)
    assert abs(proof.evidence.z) < 3.5
    assert proof.evidence.tokens == sum(row.tokens for row in programs)


def test_rows_keep_ids_only_where_the_text_does_not_restore_them(codegen, programs):
    tokenizer = load_tokenizer(codegen.parent / "checkpoint")
    kept = [row for row in programs if row.token_ids is not None]
    assert kept
    for row in programs:
        ids = row.token_ids or completion_ids(tokenizer, row.program, row.finish_reason)
        assert len(ids) == row.tokens
    for row in kept:
        assert row.token_ids != completion_ids(tokenizer, row.program, row.finish_reason)


def _recorded_at(rows, model, temperature):
    """Returns rows with the ids that they have at another temperature."""
    sampling = Sampling(temperature=temperature, max_new_tokens=24, seed=1)
    settings = canonical_json(sampling.model_dump())
    return [
        replace(row, sample_id=digest(model.digest, settings, row.shard, str(row.index)))
        for row in rows
    ]


@pytest.mark.parametrize("temperature", [0.88, 0.92])
def test_another_recorded_temperature_is_found_by_the_seeds(tmp_path, codegen, temperature):
    model, rows = sampled(codegen, temperature=temperature, top_p=1.0)
    proof = _proof(tmp_path, codegen, _recorded_at(rows, model, 0.9), top_p=1.0)
    assert proof.differences == []
    assert (proof.verdict, proof.evidence.outside > 0) == ("inconsistent", True), proof.line
    assert proof.evidence.z is not None and abs(proof.evidence.z) < 3.5


@pytest.mark.parametrize("temperature", [0.75, 1.1])
def test_another_recorded_temperature_is_found_without_seeds(codegen, temperature):
    model, rows = sampled(codegen, temperature=temperature, top_p=1.0)
    settings = Sampling(temperature=0.9, max_new_tokens=24)
    drawn = [_drawn(model, row) for row in rows]
    found = evidence(Scorer(model.folder, "float32").score(drawn, settings))
    assert found.against and found.outside == 0
    assert found.z is not None and (found.z > 3) == (temperature > 0.9)


def test_one_probable_token_in_the_place_of_another_is_found_by_the_seed(codegen):
    model, rows = sampled(codegen, top_p=1.0)
    settings = Sampling(temperature=0.9, max_new_tokens=24)
    scorer = Scorer(model.folder, "float32")
    drawn = [replace(_drawn(model, row), seed=row.seed) for row in rows[:2]]
    honest = scorer.score(drawn, settings)
    assert [row.outside + row.near for row in honest] == [0, 0]
    # The likeliest place of all tokens that were drawn: so is its exchange.
    place = int(np.argmax(honest[0].entropy))
    for token in {*drawn[1].tokens} - {drawn[0].tokens[place]}:
        tokens = (*drawn[0].tokens[:place], token, *drawn[0].tokens[place + 1 :])
        (edited,) = scorer.score([replace(drawn[0], tokens=tokens)], settings)
        assert edited.outside > 0


def test_z_counts_in_long_shards_only():
    def found(tokens):
        return Evidence(z=3.6, log_e=0.0, tokens=tokens, outside=0, near=0)

    assert not found(999).against
    assert found(1000).against
    assert not replace(found(1000), z=3.4).against
    assert replace(found(1000), z=0.0, log_e=7.7).against
    assert not replace(found(1000), z=0.0, log_e=7.5).against


def test_a_token_outside_of_the_nucleus_is_found(codegen):
    model, rows = sampled(codegen, top_p=1.0)
    drawn = [_drawn(model, row) for row in rows]
    settings = Sampling(temperature=0.9, top_p=0.6, max_new_tokens=24)
    scores = Scorer(model.folder, "float32").score(drawn, settings)
    assert sum(row.outside for row in scores) > 10
    assert evidence(scores).against


def test_another_checkpoint_is_found(tmp_path, codegen, programs):
    other = manifest_of(tmp_path / "other", 9.0)
    scores = Scorer(other.parent / "checkpoint", "float32")
    model = sampled(codegen, max_new_tokens=1)[0]
    drawn = [_drawn(model, row) for row in programs]
    settings = Sampling(temperature=0.9, max_new_tokens=24)
    assert evidence(scores.score(drawn, settings)).against


def test_an_edited_text_is_found_by_its_tokens(tmp_path, codegen, programs):
    edited = [replace(programs[0], program=programs[0].program + "!"), *programs[1:]]
    proof = _proof(tmp_path, codegen, edited)
    assert proof.verdict == "inconsistent"
    assert len(proof.differences) == 1 and "row 0 is not what the job made" in proof.line


def test_another_seed_in_a_row_is_found(tmp_path, codegen, programs):
    proof = _proof(tmp_path, codegen, [*programs[:-1], replace(programs[-1], seed=5)])
    assert proof.verdict == "inconsistent" and "another `seed`" in proof.line


def test_a_missing_row_is_found(tmp_path, codegen, programs):
    proof = _proof(tmp_path, codegen, programs[:-1])
    assert (proof.verdict == "inconsistent" and "another" in proof.line) or "missing" in proof.line


@pytest.mark.parametrize("other", [False, True])
def test_greedy_rows_are_the_most_likely_tokens(codegen, other):
    model, rows = sampled(codegen, temperature=0.0, max_new_tokens=6)
    drawn = [_drawn(model, row) for row in rows[:4]]
    if other:
        drawn[0] = DrawnRow(drawn[0].prompt, (drawn[0].tokens[0] ^ 1, *drawn[0].tokens[1:]))
    settings = Sampling(temperature=0.0, max_new_tokens=6)
    found = evidence(Scorer(model.folder, "float32").score(drawn, settings))
    assert (found.outside > 0, found.against, found.z) == (other, other, None)


def test_a_few_improbable_tokens_in_five_rows_are_found():
    rng = np.random.default_rng(0)
    rows = [_uniform_row(rng.uniform(size=100)) for _ in range(64)]
    assert not evidence(rows).against
    for row in rows[:5]:
        row.tail[7:9] = 1e-5
    assert evidence(rows).against


def test_the_e_value_of_short_shards_has_an_expectation_of_at_most_one():
    """Drawn from a skewed distribution of 50 tokens: exact, where z is far from normal."""
    rng, p = np.random.default_rng(1), 1.0 / np.arange(1, 51) ** 2
    p /= p.sum()
    values = []
    for _ in range(4000):
        rows = [_row_of(p, rng.choice(50, size=5, p=p)) for _ in range(2)]
        values.append(evidence(rows))
    assert np.mean([np.exp(found.log_e) for found in values]) < 1.3
    assert np.mean([found.against for found in values]) <= 0.003


def test_a_rule_without_texts_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match="rows of rule `judge` cannot be scored"):
        prove_generation({"rule": "judge", "record": "r.json"}, tmp_path)


def test_rows_of_a_server_are_not_scorable(tmp_path, codegen, programs):
    record = recorded(tmp_path, codegen, programs)
    record["spec"] = {**record["spec"], "engine": {"kind": "server"}}
    proof = prove_generation(record, tmp_path)
    assert (proof.verdict, proof.not_scorable, proof.rows) == ("not_scorable", 64, 0)


def test_the_command_prints_one_line(tmp_path, codegen, programs):
    path = tmp_path / "provenance" / "sample" / "00000.json"
    path.parent.mkdir(parents=True)
    write_checked(path, recorded(tmp_path, codegen, programs))
    done = run_script(["scripts/prove.py", path], ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{path}: consistent: 64 rows, ")


def _drawn(model, row):
    """Returns the tokens of a row, as an engine draws them whose random numbers are not known."""
    tokenizer = load_tokenizer(model.folder)
    ids = row.token_ids or completion_ids(tokenizer, row.program, row.finish_reason)
    return DrawnRow((1,), tuple(ids)) if not ids else DrawnRow(_prompt(model), tuple(ids))


def _prompt(model):
    from caco.models.tokenizer import framing

    text = framing(model.folder, "unconditional")("")
    return tuple(load_tokenizer(model.folder)(text, add_special_tokens=False)["input_ids"])


def _uniform_row(tail):
    zero = np.zeros(len(tail))
    return RowScores(zero, zero, zero, tail, np.zeros((len(tail), len(TEMPERATURES))), 0, 0)


def _row_of(p, drawn):
    surprisal, count = -np.log(p), len(drawn)
    entropy = (p * surprisal).sum()
    variance = (p * (surprisal - entropy) ** 2).sum()
    tails = np.array([p[p <= p[i]].sum() for i in drawn])
    moments = np.log([(p ** (1 / t)).sum() for t in TEMPERATURES])
    return RowScores(
        surprisal[drawn], np.full(count, entropy), np.full(count, variance), tails,
        np.tile(moments, (count, 1)), 0, 0,
    )  # fmt: skip
