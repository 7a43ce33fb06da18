"""Seeds from files: malformed rows are rejected with their line, the others are read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import RootModel
from tests.stages.seeds.reading import read_whole

from caco.config.section import section_of_spec
from caco.config.sources import CodeIO, Gsm8kFile, Reader
from caco.errors import UserError
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.stages.seeds.normalise import answer_form, same_problem
from caco.stages.seeds.readers.codeio import parse_tasks
from caco.stages.seeds.readers.gsm8k import gsm8k_rows
from caco.text.calculator_marks import without_marks

GOOD = {"question": "Ann has 2 pens and buys 3. How many?", "answer": "2+3=<<2+3=5>>5\n#### 5"}
MALFORMED = {
    "{broken": "not JSON",
    "[1]": "not a JSON object",
    json.dumps({"question": "What?"}): "`answer` is missing",
    json.dumps({"question": " ", "answer": "#### 5"}): "`question` is missing",
    json.dumps({"question": "What?", "answer": "five"}): "does not end with `#### `",
    json.dumps({"question": "What?", "answer": "five ####"}): "nothing follows",
    "\udcff": "not JSON",
    '{"question": ' + "[" * 100_000 + "]" * 100_000 + "}": "nested too deeply",
    '{"question": "What?", "answer": ' + "9" * 6_000 + "}": "`answer` is missing or not a text",
    '{"question": "Wh\x00at?", "answer": "#### 5"}': "not JSON (Invalid control character",
    json.dumps({"question": "What \ud83d?", "answer": "#### 5"}): "the lone surrogate U+D83D",
    json.dumps({"question": None, "answer": "#### 5"}): "`question` is missing or not a text",
    '{"question": "What?", "answer": "#### 5", "answer": "#### 6"}': "has the key `answer` twice",
}


def write(path, *lines):
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
    return str(path)


def test_malformed_rows_are_rejected_with_their_line(tmp_path):
    path = write(tmp_path / "g.jsonl", *MALFORMED, "", json.dumps(GOOD), json.dumps(GOOD))
    read = read_whole(Gsm8kFile(reader="gsm8k", path=path), "gsm8k")
    assert [s.problem for s in read.train] == [GOOD["question"]]
    assert [r.verdict for r in read.rejected] == ["malformed"] * len(MALFORMED) + ["duplicate"]
    for line, (row, why) in enumerate(zip(read.rejected, MALFORMED.values(), strict=False), 1):
        assert row.reason.startswith(f"line {line}: ") and why in row.reason
    assert json.loads(read.rejected[0].row)["text"] == "{broken"


def test_rows_limits_the_number_of_rows(tmp_path):
    rows = [json.dumps({**GOOD, "question": f"Question {n}?"}) for n in range(5)]
    path = write(tmp_path / "g.jsonl", *rows)
    read = gsm8k_rows(path, "g", rows=2)
    assert [s.problem for s in read if isinstance(s, Seed)] == ["Question 0?", "Question 1?"]


def test_a_missing_file_is_reported_with_its_key():
    with pytest.raises(UserError, match=r"/no\.jsonl: cannot be read .* set `seeds.path` of gsm8k"):
        read_whole(Gsm8kFile(reader="gsm8k", path="/no.jsonl"), "gsm8k")


def test_real_gsm8k_rows_are_all_seeds(shared_data):
    path = str(shared_data / "seed" / "gsm8k_train.jsonl")
    read = read_whole(Gsm8kFile(reader="gsm8k", path=path, held_out=100), "gsm8k")
    assert len(read.train) + len(read.held_out) + len(read.rejected) == 7473
    assert not [r for r in read.rejected if r.verdict == "malformed"]
    assert len(read.held_out) == 100


@pytest.mark.parametrize(
    ("answer", "form"),
    [
        ("18", "18"),
        (" 1,234 ", "1234"),
        ("$1,234.50", "1234.5"),
        ("18.0", "18"),
        (".5", "0.5"),
        ("-.50", "-0.5"),
        ("-0", "0"),
        ("\u22127.50", "-7.5"),
        ("049", "049"),
        ("1e5", "1e5"),
        ("1,2", "1,2"),
        ("[1, 2]", "[1, 2]"),
        ("", ""),
        ("x = 3", "x = 3"),
    ],
)
def test_answers_have_a_canonical_form(answer, form):
    assert answer_form(answer) == form


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9)))
def test_the_canonical_form_retains_the_value_and_is_idempotent(number):
    form = answer_form(f"{number:,f}")
    assert float(form) == float(number)
    assert answer_form(form) == form


def test_problems_that_differ_in_case_and_space_are_the_same():
    assert same_problem("What  is\n2 + 2?") == same_problem("what is 2 + 2?")


def test_calculator_marks_are_removed():
    assert without_marks("48/2 = <<48/2=24>>24 clips") == "48/2 = 24 clips"


def test_codeio_files_are_json_lines_or_one_array():
    assert parse_tasks('{"a": 1}\n\n{"a": 2}\n') == [{"a": 1}, {"a": 2}]
    assert parse_tasks('[\n {"a": 1},\n {"a": 2}\n]') == [{"a": 1}, {"a": 2}]


def test_codeio_has_no_held_out_seeds():
    with pytest.raises(UserError, match=r"held_out.* is 2, .*come from execution.* set 0"):
        section_of_spec(RootModel[Reader], '{"reader": "codeio", "rows": 4, "held_out": 2}')
    reader = section_of_spec(RootModel[Reader], '{"reader": "codeio", "rows": 4}').root
    assert isinstance(reader, CodeIO)


def test_a_byte_order_mark_and_other_line_endings_cost_no_row(tmp_path):
    path = tmp_path / "g.jsonl"
    other = {**GOOD, "question": "And if she buys 4?"}
    path.write_bytes(b"\xef\xbb\xbf" + f"{json.dumps(GOOD)}\r\n{json.dumps(other)}\r\n".encode())
    assert [type(row) for row in gsm8k_rows(str(path), "g")] == [Seed, Seed]


OTHER_FILES = {
    "": "it is empty",
    "\ufeff\n\n": "it is empty",
    "PAR1\x15\x04": "it is a Parquet file",
    "\x1f\udc8b\x08\x00": "it is compressed with gzip",
    "PK\x03\x04": "it is a ZIP archive",
    "version https://git-lfs.github.com/spec/v1\n": "it is a pointer of Git LFS",
    json.dumps([GOOD]): "it is one JSON array",
    json.dumps([GOOD], indent=1): "it is one JSON array",
    '{"Body": "There are 3.", "Question": "How many?", "Answer": 3.0}': (
        "its first row has the keys `Body`, `Question`, `Answer`, but not both `question` and "
        "`answer`"
    ),
    '{"problem": "1 + 1?", "solution": "2", "answer": "2"}': "the keys `problem`, `solution`",
    "question,answer\n1 + 1?,2": "line 1: not JSON (Expecting value",
    '{"question": "1 + 1?", "answer": "2"}': "line 1: `answer` does not end with `#### `",
}  # fmt: skip


@pytest.mark.parametrize("text", OTHER_FILES)
def test_a_source_of_another_form_is_an_error_that_names_it(tmp_path, text):
    path = write(tmp_path / "g.jsonl", text)
    with pytest.raises(UserError) as caught:
        read_whole(Gsm8kFile(reader="gsm8k", path=path), "mine")
    message = str(caught.value)
    assert message.startswith(f"{path}: no row of it is one of GSM8K's: ")
    assert OTHER_FILES[text] in message
    assert message.endswith(
        "; set `seeds.path` of mine to GSM8K's .jsonl file, or choose another reader"
    )


def test_fewer_rows_than_the_setting_are_an_error(tmp_path):
    rows = [json.dumps({**GOOD, "question": f"Question {n % 3}?"}) for n in range(5)]
    path = write(tmp_path / "g.jsonl", "{", *rows)
    assert len(read_whole(Gsm8kFile(reader="gsm8k", path=path, min_rows=3), "mine").train) == 3
    with pytest.raises(UserError) as caught:
        read_whole(Gsm8kFile(reader="gsm8k", path=path, min_rows=4), "mine")
    assert str(caught.value).startswith(
        "the source `mine` has 3 distinct problems, but `sources.mine.seeds.min_rows` is 4; lower "
        "it, or correct the other keys of `sources.mine.seeds`; rejected rows: duplicate 2, "
        "malformed 1 (the first: malformed, line 1: not JSON"
    )


def test_a_file_with_fewer_rows_than_the_config_says_is_an_error(tmp_path):
    rows = [json.dumps({**GOOD, "question": f"Question {n % 4}?"}) for n in range(5)]
    path = write(tmp_path / "g.jsonl", *rows)
    assert len(read_whole(Gsm8kFile(reader="gsm8k", path=path, rows=5), "mine").train) == 4
    with pytest.raises(UserError) as caught:
        read_whole(Gsm8kFile(reader="gsm8k", path=path, rows=7_500), "mine")
    assert str(caught.value) == (
        "the source `mine` has 5 rows, but `sources.mine.seeds.rows` is 7,500; a file of it may be "
        "incomplete: get it again, or lower `rows`"
    )


def test_what_no_reader_reads_costs_no_row(tmp_path):
    """Further fields may be anything: a number of 6,000 digits, null, infinity, nested lists."""
    rows = [
        json.dumps(GOOD)[:-1] + f', "extra": {extra}}}'
        for extra in ("9" * 6_000, "null", "1e9999", "[[1], {}]", f'"{"x" * 1_000_000}"')
    ]
    path = write(tmp_path / "g.jsonl", *rows)
    assert [type(row) for row in gsm8k_rows(path, "g")] == [Seed] * len(rows)


def test_every_row_is_a_seed_or_a_rejection(tmp_path):
    path = write(tmp_path / "g.jsonl", json.dumps(GOOD), "{")
    kinds = [type(row) for row in gsm8k_rows(path, "g")]
    assert kinds == [Seed, Rejected]
