import json
import re

import pytest

from caco.config.checks import Corpus, Decontaminate
from caco.errors import UserError
from caco.rows.corpus import CorpusRow
from caco.rows.passes import Passes
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.rows.table import read_rows, write_rows
from caco.rows.verified import Verified
from caco.stages.corpus.assemble import assemble, benchmark_items, filter_rows


@pytest.fixture
def assembled(tmp_path):
    """Assembles a corpus of named shards; returns counts, corpus rows and rejected rows."""

    def make(shards, problems=(), settings=None, verified=(), passes=None):
        files = [tmp_path / "judged" / f"{name}.parquet" for name in shards]
        for file, rows in zip(files, shards.values(), strict=True):
            write_rows(file, Solution, rows)
        programs = tmp_path / "verified.parquet"
        write_rows(programs, Verified, verified)
        problem_file = tmp_path / "problems.parquet"
        write_rows(problem_file, Seed, problems)
        out, rejected = tmp_path / "corpus.parquet", tmp_path / "rejected.parquet"
        settings = settings or Corpus()
        benchmarks = benchmark_items([problem_file], [], settings.decontaminate)
        rates = []
        if passes is not None:
            rates = [tmp_path / "pass_rates.parquet"]
            write_rows(rates[0], Passes, passes)
        counts, _ = assemble(files, [programs], benchmarks, settings, out, rejected, dict, rates)
        return counts, list(read_rows(out, CorpusRow)), list(read_rows(rejected, Rejected))

    return make


OFF = Decontaminate(layers=[], held_out=[])


def verdicts(rejected):
    return [(row.row_id, row.verdict) for row in rejected]


def test_rows_are_in_the_order_of_shards_and_of_each_shard(assembled, solution):
    shards = {"00001": [solution(3), solution(1)], "00000": [solution(2), solution(0)]}
    _, corpus, rejected = assembled(shards)
    assert [row.question_id for row in corpus] == ["q2", "q0", "q3", "q1"]
    assert rejected == []


def test_a_row_has_its_text_executed_answer_and_lineage(assembled, solution):
    row = solution(7, shard="00004", output="7.0")
    _, corpus, _ = assembled({"00004": [row]})
    assert corpus == [
        CorpusRow(
            row.question, row.solution, "7", row.program, "q7", "p7", "s7", "00004",
            "codegen-digest", "qm", "sm", "qp", "sp", difficulty=0, operations=0,
            code_statements=3, loops=0, depth=0, inputs=1, digits=1, steps=1,
        )
    ]  # fmt: skip


def test_a_program_or_question_of_another_shard_is_a_duplicate(assembled, solution):
    same_program = solution(5, program=solution(1).program.replace("'a'", "'b'"))
    same_question = solution(6, question="what is 2 ?")
    counts, corpus, rejected = assembled(
        {"00000": [solution(1), solution(2)], "00001": [same_program, same_question]}
    )
    assert [row.question_id for row in corpus] == ["q1", "q2"]
    assert verdicts(rejected) == [("q5", "duplicate_program"), ("q6", "duplicate_question")]
    assert (counts.rows_in, counts.accepted) == (4, 2)
    assert counts.rejected == {"duplicate_program": 1, "duplicate_question": 1}
    assert json.loads(rejected[0].row)["question_id"] == "q5"


def test_per_program_limits_the_rows_of_a_program(assembled, solution):
    rows = [solution(n, program=solution(7).program) for n in range(4)]
    doubled = solution(9, question=rows[0].question)
    shards = {"00000": rows[:1], "00001": [*rows[1:], doubled]}
    _, corpus, rejected = assembled(shards, settings=Corpus(per_program=3))
    assert [row.question_id for row in corpus] == ["q0", "q1", "q2"]
    assert verdicts(rejected) == [("q3", "duplicate_program"), ("q9", "duplicate_question")]


@pytest.mark.parametrize("per_program", [1, 3])
def test_the_first_accepted_solution_of_a_question_is_retained(assembled, solution, per_program):
    first = [solution(1, solution_variant=n) for n in (1, 2)]
    other = [
        solution(1, question_id="q1b", question="What is 1 + 0?", variant=1, solution_variant=n)
        for n in (0, 3)
    ]
    _, corpus, rejected = assembled(
        {"00000": [*first, *other]}, settings=Corpus(per_program=per_program)
    )
    accepted = [("q1", 1), ("q1b", 0)][:per_program]
    assert [(row.question_id, row.solution_variant) for row in corpus] == accepted
    if per_program == 1:
        names = ["q1.2", "q1b", "q1b.3"]
        assert verdicts(rejected) == [(name, "duplicate_program") for name in names]
    else:
        assert verdicts(rejected) == [
            ("q1.2", "duplicate_question"), ("q1b.3", "duplicate_question"),
        ]  # fmt: skip


def test_the_question_with_the_best_round_trip_is_retained(assembled, solution):
    text = {"program": solution(1).program, "sample_id": "s1"}
    shares = {"q0": 0.5, "q1": 1.0, "q2": 1.0, "q3": 0.75}
    rows = [
        solution(n, **text, question_id=name, round_trip_share=share, round_trip_model="rm",
                 round_trip_prompt="rp")
        for n, (name, share) in enumerate(shares.items())
    ]  # fmt: skip
    others = [solution(n, sample_id=f"s{n}") for n in (7, 8)]
    settings = Corpus(per_program=3)
    _, corpus, rejected = assembled({"00000": [others[0], *rows, others[1]]}, settings=settings)
    assert [row.question_id for row in corpus] == ["q7", "q1", "q2", "q3", "q8"]
    assert [row.round_trip_share for row in corpus] == [None, 1.0, 1.0, 0.75, None]
    assert (corpus[1].round_trip_model, corpus[1].round_trip_prompt) == ("rm", "rp")
    assert verdicts(rejected) == [("q0", "duplicate_program")]


def test_a_row_has_its_variant_style_and_judge(assembled, solution):
    row = solution(
        1, variant=2, style="a farm", llm_judge_model="jm", llm_judge_prompt="jp",
        statements=5, checked_statements=4, false_statements=1,
    )  # fmt: skip
    _, (row_out,), _ = assembled({"00000": [row]})
    assert (row_out.variant, row_out.style) == (2, "a farm")
    assert (row_out.llm_judge_model, row_out.llm_judge_prompt) == ("jm", "jp")
    counts = (row_out.statements, row_out.checked_statements, row_out.false_statements)
    assert counts == (5, 4, 1)


def test_a_rejected_row_makes_no_duplicate(assembled, solution, seed):
    contaminated = solution(1, question="What does a benchmark ask?")
    counts, corpus, _ = assembled(
        {"00000": [contaminated, solution(2, program=contaminated.program)]},
        [seed("what does a benchmark ask")],
    )
    assert [row.question_id for row in corpus] == ["q2"]
    assert counts.rejected == {"contaminated": 1}


def test_the_reason_of_a_contaminated_row_names_the_benchmark(assembled, solution, seed):
    rows = [solution(1, question="Ask ME!"), solution(2)]
    _, _, rejected = assembled({"00000": rows}, [seed("Ask me.")])
    assert rejected[0].verdict == "contaminated"
    assert "seed of Ask me." in rejected[0].reason
    assert "problems" in rejected[0].reason


def test_a_contaminated_duplicate_has_one_verdict(assembled, solution, seed):
    rows = [solution(1, question="Same?"), solution(1, question="Same?"), solution(2)]
    counts, _, rejected = assembled({"00000": rows}, [seed("same")])
    assert [row.verdict for row in rejected] == ["contaminated", "contaminated"]
    assert counts.rows_in == 3


@pytest.mark.parametrize(
    ("settings", "accepted"),
    [
        (Corpus(deduplicate=False), ["q1", "q1"]),
        (Corpus(decontaminate=OFF), ["q1", "q9"]),
        (Corpus(deduplicate=False, decontaminate=OFF), ["q1", "q1", "q9"]),
    ],
)
def test_each_check_can_be_switched_off(assembled, solution, seed, settings, accepted):
    rows = [solution(1), solution(1), solution(9, question="Asked?")]
    _, corpus, _ = assembled({"00000": rows}, [seed("asked")], settings)
    assert [row.question_id for row in corpus] == accepted


def test_the_rows_of_a_family_with_constant_answers_are_rejected(
    assembled, solution, verified, seed
):
    programs = [verified(n, output=str(n % 7)) for n in range(70)]
    constant = [solution(n, output="3") for n in (3, 10, 17, 24)]
    other = solution(1, program="input = {'a': 1}\noutput = input['a'] + 1")
    asked = solution(31, output="3", question="Asked?")
    rows = [*constant, other, asked]
    _, corpus, rejected = assembled({"00000": rows}, [seed("asked")], verified=programs)
    assert [row.question_id for row in corpus] == ["q1"]
    assert verdicts(rejected) == [
        *((row.question_id, "constant_answers") for row in constant), ("q31", "contaminated"),
    ]  # fmt: skip
    assert "has the answer 3" in rejected[0].reason
    settings = Corpus(constant_answers=False)
    _, corpus, _ = assembled({"00000": rows}, settings=settings, verified=programs)
    assert len(corpus) == len(rows)


def passes(*right, of=8):
    """Returns the right answers to `q0`, `q1` and so on."""
    return [Passes(f"q{n}", "m", of, number) for n, number in enumerate(right)]


def test_a_row_has_the_pass_rate_of_its_question(assembled, solution):
    rows = [solution(0), solution(1), solution(1, solution_variant=1)]
    settings = Corpus(deduplicate=False)
    _, corpus, _ = assembled({"00000": rows}, settings=settings, passes=passes(8, 2))
    rates = [(r.pass_rate, r.pass_rate_answers, r.pass_rate_model) for r in corpus]
    assert rates == [(1.0, 8, "m"), (0.25, 8, "m"), (0.25, 8, "m")]


def test_a_row_outside_of_the_limits_is_rejected_with_its_answers(assembled, solution):
    rows = [solution(n) for n in range(5)]
    settings = Corpus(pass_rates=[0.125, 0.75])
    counts, corpus, rejected = assembled(
        {"00000": rows}, settings=settings, passes=passes(0, 1, 6, 7, 8)
    )
    assert [row.question_id for row in corpus] == ["q1", "q2"]  # the limits are included
    assert verdicts(rejected) == [(f"q{n}", "pass_rate") for n in (0, 3, 4)]
    assert rejected[1].reason == "7 of 8 answers are right, a share outside of 0.125 to 0.75"
    assert counts.rejected == {"pass_rate": 3}


def test_a_row_outside_of_the_limits_makes_no_duplicate_and_fills_no_quota(assembled, solution):
    rows = [solution(0), solution(1, program=solution(0).program), solution(2)]
    settings = Corpus.model_validate({"pass_rates": [0.1, 1], "quotas": {"control": {"rows": 2}}})
    _, corpus, rejected = assembled({"00000": rows}, settings=settings, passes=passes(0, 3, 3))
    assert [row.question_id for row in corpus] == ["q1", "q2"]
    assert verdicts(rejected) == [("q0", "pass_rate")]


def test_pass_rates_of_other_rows_are_an_error(assembled, solution):
    with pytest.raises(UserError, match="no file of pass rates has the question q1"):
        assembled({"00000": [solution(0), solution(1)]}, passes=passes(3))


def test_an_empty_shard_beside_another_is_no_error(assembled, solution):
    counts, corpus, rejected = assembled({"00000": [], "00001": [solution(1)]})
    assert (counts.rows_in, len(corpus), rejected) == (1, 1, [])


def test_fewer_rows_than_the_minimum_are_an_error_before_a_file_exists(
    assembled, solution, tmp_path
):
    rows = [solution(1), solution(1), solution(2), solution(2), solution(3, question="What is 1?")]
    message = (
        "corpus: it has 2 rows, but `corpus.min_rows` is 3; accepted by each step, with the most "
        "frequent verdicts on the others: corpus 2 of 5 (duplicate_program 2, duplicate_question "
        "1); the files"
    )
    with pytest.raises(UserError, match=re.escape(message)):
        assembled({"00000": rows}, settings=Corpus(min_rows=3))
    assert not (tmp_path / "corpus.parquet").exists()
    assert not (tmp_path / "rejected.parquet").exists()
    assert assembled({"00000": rows}, settings=Corpus(min_rows=2))[0].accepted == 2


def test_the_order_of_files_does_not_change_a_byte(tmp_path, solution):
    shards = [tmp_path / f"{i:05d}.parquet" for i in range(2)]
    for i, shard in enumerate(shards):
        write_rows(shard, Solution, [solution(10 * i + n) for n in range(3)])
    bytes_of = []
    for order in (shards, shards[::-1]):
        out = tmp_path / "out.parquet"
        assemble(order, [], (), Corpus(), out, tmp_path / "rejected.parquet", dict)
        bytes_of.append(out.read_bytes())
    assert bytes_of[0] == bytes_of[1]


def test_an_unreadable_shard_is_reported(tmp_path):
    shard = tmp_path / "00000.parquet"
    shard.write_bytes(b"not parquet")
    with pytest.raises(UserError, match=r"00000\.parquet: not a readable Parquet file"):
        assemble([shard], [], (), Corpus(), tmp_path / "c.parquet", tmp_path / "r.parquet", dict)


def test_every_row_has_one_outcome_in_order(solution):
    rows = [solution(n % 4) for n in range(10)]
    out = list(filter_rows(rows, Corpus(), ()))
    ids = [row.row_id if isinstance(row, Rejected) else row.question_id for row in out]
    assert ids == [row.question_id for row in rows]
