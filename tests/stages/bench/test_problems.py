"""The problems of a benchmark: every row of its files is a problem or a rejection with a reason."""

import json
import re
from collections import Counter

import pytest

from caco.answers.compare import compare
from caco.answers.copied import is_copied
from caco.answers.extraction import final_answer
from caco.config.bench import HeldOut, TableBenchmark, TheoremQA
from caco.config.checks import Decontaminate
from caco.errors import UserError
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.rows.table import write_rows
from caco.stages.bench.problems import problems
from caco.stages.corpus.assemble import benchmark_items
from caco.stages.seeds.normalise import make_seed
from caco.stages.seeds.readers.gsm8k import gsm8k_rows

QUESTIONS = {"problem": "question", "answer": "answer"}
GSM8K = {**QUESTIONS, "extract": "after_hashes"}
MATH = {"problem": "problem", "answer": "solution", "extract": "boxed"}
OLYMPIAD = {
    "problem": "question", "answer": "final_answer[0]", "absolute_error": "error", "id": "id"
}  # fmt: skip
SVAMP = {"problem": "{Body} {Question}", "answer": "Answer"}


def table(path, fields=QUESTIONS, **keys):
    return TableBenchmark.model_validate(
        {"kind": "table", "path": str(path), "fields": fields} | keys
    )


def theorems(path, **keys):
    return TheoremQA(kind="theoremqa", path=str(path), **keys)


def read(benchmark, name="mine"):
    rows = list(problems(benchmark, name, []))
    return (
        [row for row in rows if isinstance(row, Seed)],
        [row for row in rows if isinstance(row, Rejected)],
    )


def write(path, *rows):
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


# Of each real file: its fields, and its number of problems.
REAL = {
    "college-math.jsonl": (QUESTIONS, 2818),
    "deepmind-mathematics.json": (QUESTIONS, 1000),
    "gsm8k.jsonl": (GSM8K, 1319),
    "math.jsonl": (MATH, 5000),
    "math_oai.jsonl": ({**MATH, "answer": "answer", "extract": "whole"}, 500),
    "olympiadbench.json": (OLYMPIAD, 675),
    "svamp.jsonl": (SVAMP, 1000),
}


@pytest.mark.parametrize("file", REAL)
def test_each_known_answer_of_a_real_file_equals_itself(shared_data, file):
    fields, size = REAL[file]
    seeds, rejected = read(table(shared_data / "bench" / file, fields, min_rows=size))
    assert (len(seeds), rejected) == (size, [])
    assert not [seed.answer for seed in seeds if re.fullmatch(r"\$[^$]*\$", seed.answer)]
    for seed in seeds:
        stated = final_answer(rf"So it is \boxed{{{seed.answer}}}.", seed.answer)
        found = compare(seed.answer, stated or "", seed.problem)
        assert found.outcome == "equal", (seed.problem, seed.answer, found.why)
        assert not is_copied(stated or "", seed.answer, seed.problem)


TOLD = {
    "question": "Ann has 12 pens. She buys 3 boxes of 5 pens. How many pens does she have?",
    "answer": "She buys 3*5=<<3*5=15>>15 pens.\nShe has 12+15=<<12+15=27>>27 pens.\n#### 27",
}
TOLD_FIELDS = {**GSM8K, "solution": "answer"}


def other_names(program):
    """Returns a program with other names for its functions, variables and keys."""
    names = set(re.findall(r"def (\w+)", program)) | set(re.findall(r'"(\w+)":', program))
    for number, name in enumerate(sorted(names)):
        program = re.sub(rf"\b{name}\b", f"quantity_{number}", program)
    return program


def test_a_problem_has_the_program_of_its_worked_solution(tmp_path):
    single = TOLD | {"answer": "She buys 3*5=<<3*5=15>>15 pens.\n#### 15"}
    words = TOLD | {"answer": "Twenty-seven.\n#### 27"}
    seeds, _ = read(table(write(tmp_path / "a.jsonl", TOLD, single, words), TOLD_FIELDS))
    assert [seed.answer for seed in seeds] == ["27", "15", "27"]
    assert seeds[0].solution == TOLD["answer"].partition("\n####")[0]
    assert [seed.program is not None for seed in seeds] == [True, False, False]
    (plain,), _ = read(table(write(tmp_path / "b.jsonl", TOLD), GSM8K))
    assert plain.program is plain.solution is None


def test_a_program_of_a_benchmark_under_other_names_is_found(tmp_path):
    """From the file to the layer `program`, with a question that has no word of the problem's."""
    seeds, _ = read(table(write(tmp_path / "a.jsonl", TOLD), TOLD_FIELDS), "gsm8k")
    write_rows(tmp_path / "gsm8k.parquet", Seed, seeds)
    items, _ = benchmark_items([tmp_path / "gsm8k.parquet"], [], Decontaminate())
    assert seeds[0].program is not None
    found = items.match("Which sum is it?", other_names(seeds[0].program))
    assert found is not None
    assert (found.layer, found.score) == ("program", 1.0)
    assert found.item == f"problem {seeds[0].seed_id} of gsm8k"
    other = other_names(seeds[0].program.replace("12", "13"))
    assert items.match("Which sum is it?", other) is None


def test_most_of_real_gsm8k_has_programs(shared_data):
    seeds, _ = read(table(shared_data / "bench" / "gsm8k.jsonl", TOLD_FIELDS, rows=60))
    assert sum(seed.program is not None for seed in seeds) == 43


def test_the_one_absolute_error_of_real_olympiadbench_is_read(shared_data):
    seeds, _ = read(table(shared_data / "bench" / "olympiadbench.json", OLYMPIAD))
    assert [(s.answer, s.absolute_error) for s in seeds if s.absolute_error] == [("4.2", "1e-1")]


@pytest.mark.parametrize(
    ("error", "read_as"),
    [
        (None, None), ("", None), (" ", None), (0, None), ("0,", None), ("1e-2", "1e-2"),
        (0.1, "0.1"), (2, "2"), (1e-7, "1e-07"), (" .5 ", ".5"), ("0.1,0.2", "0.1,0.2"),
        ("0.1,", "0.1,"),
    ],
)  # fmt: skip
def test_an_absolute_error_is_a_number_or_several(tmp_path, error, read_as):
    row = {"question": "1?", "answer": "1, 2", "error": error}
    path = write(tmp_path / "b.jsonl", row, {**row, "error": "0.5"})
    seeds, rejected = read(table(path, {**QUESTIONS, "absolute_error": "error"}))
    assert ([seed.absolute_error for seed in seeds], rejected) == ([read_as, "0.5"], [])


@pytest.mark.parametrize(
    ("error", "why"),
    [
        ("-0.1", "its absolute error: '-0.1' is not a number that is at least 0"),
        ("nan", "its absolute error: 'nan' is not a number that is at least 0"),
        ("1e999", "its absolute error: '1e999' is not a number that is at least 0"),
        ("5%", "its absolute error: '5%' is not a number that is at least 0"),
        ("1/2", "its absolute error: '1/2' is not a number that is at least 0"),
        ("0.1;0.2", "its absolute error: '0.1;0.2' is not a number that is at least 0"),
        (
            [0.1],
            "`error` is a value of the type list, not a text; a name such as `error[0]` is that of "
            "a value in it",
        ),
        (True, "its absolute error: 'True' is not a number that is at least 0"),
    ],
)
def test_a_row_whose_absolute_error_is_none_is_rejected(tmp_path, error, why):
    row = {"question": "1?", "answer": "1"}
    path = write(tmp_path / "b.jsonl", {**row, "error": error}, {**row, "error": None})
    seeds, rejected = read(table(path, {**QUESTIONS, "absolute_error": "error"}))
    assert [seed.absolute_error for seed in seeds] == [None]
    assert [(r.verdict, r.reason) for r in rejected] == [("malformed", f"line 1: {why}")]


def test_a_problem_that_is_stated_twice_is_two_problems(shared_data):
    seeds, _ = read(table(shared_data / "bench" / "college-math.jsonl"))
    assert len(seeds) - len({seed.seed_id for seed in seeds}) == 10


def test_real_gsm8k_has_the_problems_of_the_reader_of_seeds(shared_data):
    path = shared_data / "bench" / "gsm8k.jsonl"
    seeds, _ = read(table(path, GSM8K))
    of_reader = [row for row in gsm8k_rows(str(path), "mine") if isinstance(row, Seed)]
    parts = [(row.seed_id, row.problem, row.answer) for row in seeds]
    assert parts == [(row.seed_id, row.problem, row.answer) for row in of_reader]


def test_a_row_that_is_no_problem_is_rejected_with_its_reason(tmp_path, capsys):
    path = write(
        tmp_path / "b.jsonl",
        {"question": "1 + 1?", "answer": 2, "level": 1, "name": "first"},
        {"question": "1 + 2?", "answer": None, "level": 1, "name": "second"},
        {"question": "1 + 3?", "answer": "4", "level": 5, "name": "third"},
        {"question": " ", "answer": "4", "level": 1, "name": "fourth"},
        {"question": "1 + 4?", "answer": "$5$", "level": 1, "name": "fifth"},
    )
    seeds, rejected = read(table(path, {**QUESTIONS, "id": "name"}, filters=["level < 3"]))
    assert [(seed.problem, seed.answer) for seed in seeds] == [("1 + 1?", "2"), ("1 + 4?", "5")]
    assert [(row.verdict, row.reason) for row in rejected] == [
        ("malformed", "line 2 (second): `answer` is missing or null"),
        ("filtered", "line 3 (third): `level < 3` does not hold"),
        ("malformed", "line 4 (fourth): `question` is empty"),
    ]
    assert json.loads(rejected[0].row)["place"] == "line 2"
    assert capsys.readouterr().out == (
        "benchmark mine: 2 rows are malformed\nbenchmark mine: 1 rows are filtered\n"
    )


def test_too_few_problems_are_an_error_with_the_first_reason(tmp_path):
    path = write(tmp_path / "b.jsonl", {"question": "1?", "answer": "1"}, {"question": "2?"})
    assert len(read(table(path, min_rows=1))[0]) == 1
    with pytest.raises(UserError) as caught:
        read(table(path, min_rows=2))
    assert str(caught.value) == (
        "the benchmark `mine` has 1 problems, but `bench.benchmarks.mine.min_rows` is 2; correct "
        "`bench.benchmarks.mine`, or remove it; rejected rows: malformed 1 (the first: malformed, "
        "line 2: `answer` is missing or null)"
    )


def test_rows_limits_the_number_of_rows(tmp_path):
    path = write(tmp_path / "b.jsonl", *({"question": f"{n}?", "answer": n} for n in range(5)))
    assert [seed.answer for seed in read(table(path, rows=2))[0]] == ["0", "1"]
    rows = [theorem(n, "integer", picture="a.png" if n == 0 else None) for n in range(5)]
    (tmp_path / "t.json").write_text(json.dumps(rows))
    seeds, rejected = read(theorems(tmp_path / "t.json", rows=2))
    assert ([seed.answer for seed in seeds], len(rejected)) == (["1"], 1)


def test_a_wrong_key_is_an_error_that_names_it(tmp_path):
    path = write(tmp_path / "b.jsonl", {"question": "1?", "answer": "1"})
    with pytest.raises(UserError, match=r"no column `text`, which `bench\.benchmarks\.mine\.fie"):
        read(table(path, {**QUESTIONS, "problem": "text"}))
    with pytest.raises(UserError, match=r"`bench\.benchmarks\.mine\.fields\.answer`: `a\[` is no"):
        read(table(path, {**QUESTIONS, "answer": "a["}))
    with pytest.raises(UserError, match=r"no such file; correct `bench\.benchmarks\.mine\.path`"):
        read(table("/no.jsonl"))
    with pytest.raises(UserError, match=r"set `bench\.benchmarks\.mine\.path`"):
        read(theorems("/no.json"))


def test_a_held_out_benchmark_consists_of_the_held_out_seeds(tmp_path):
    seeds = [make_seed("easy", f"What is {n} + 1?", str(n + 1)) for n in range(3)]
    write_rows(tmp_path / "h.parquet", Seed, seeds)
    benchmark = HeldOut(kind="held_out", source="easy")
    assert list(problems(benchmark, "easy", [tmp_path / "h.parquet"])) == seeds
    with pytest.raises(UserError, match="--held-out"):
        list(problems(benchmark, "easy", []))


def theorem(answer, kind, picture=None):
    return {"Question": f"{kind}?", "Answer": answer, "Answer_type": kind, "Picture": picture}


def test_theoremqa_has_an_answer_of_each_type_and_no_pictures(tmp_path):
    rows = [
        theorem(7, "integer"), theorem(7, "float"), theorem(1e16, "float"),
        theorem(1.6e-19, "float"), theorem([0.5, 2], "list of float"),
        theorem([2, 0], "list of integer"), theorem(False, "bool"), theorem("(c)", "Option"),
        theorem(3, "integer", picture="images/a.png"),
    ]  # fmt: skip
    (tmp_path / "t.json").write_text(json.dumps(rows))
    seeds, rejected = read(theorems(tmp_path / "t.json"))
    assert [seed.answer for seed in seeds] == [
        "7", "7.0", "1e+16", "1.6e-19", "[0.5, 2.0]", "[2, 0]", "False", "(c)",
    ]  # fmt: skip
    assert [(row.verdict, row.reason) for row in rejected] == [
        ("filtered", "row 9: it has a picture")
    ]


def test_real_theoremqa_is_read_whole(shared_data):
    seeds, rejected = read(theorems(shared_data / "bench" / "theoremqa.json"))
    assert len(seeds) == 747  # `caco.reports.planning.plan` has the number too
    assert Counter(row.verdict for row in rejected) == {"filtered": 53}
    assert sum(bool(re.search(r"\.\d|e[+-]", seed.answer)) for seed in seeds) == 359 + 8


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has 0 problems"),
        ("{}", "line 1: `Question` is missing"),
        ("[]", "has 0 problems"),
        ("[1]", "row 1: not a JSON object"),
        (json.dumps([{"Answer": 1}]), "row 1: `Question` is missing"),
        (json.dumps([theorem(1, "matrix")]), "`Answer_type` is none of bool, float"),
        (json.dumps([theorem(float("nan"), "float")]), "`Answer` is no float"),
        (json.dumps([{**theorem(1, "float"), "Question": "\ud83d?"}]), "lone surrogate U\\+D83D"),
        ("[" * 100_000, "its JSON array has no end"),
        (json.dumps([theorem(0, "integer")]).replace("0", "9" * 6_000), "`Answer` is no integer"),
        (json.dumps([theorem(None, "integer")]), "`Answer` is no integer"),
        (json.dumps([theorem([], "list of float")]), "`Answer` is no list of float"),
    ],
)
def test_a_theoremqa_file_without_a_problem_is_an_error_with_the_reason(tmp_path, text, message):
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(UserError, match=message):
        read(theorems(tmp_path / "t.json"))
