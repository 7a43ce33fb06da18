"""Seeds of tabular files by a map of fields: formats, faults of rows, filters, extraction."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
from collections import Counter
from itertools import islice

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.stages.seeds.reading import read_whole

from caco.config.section import section_of_spec
from caco.config.sources import Source, Table
from caco.errors import UserError
from caco.rows.rejected import Rejected
from caco.stages.seeds.fields import Column, Field, Malformed, boxed, unwrapped
from caco.stages.seeds.files import records
from caco.stages.seeds.filters import Filter
from caco.stages.seeds.read import read_seeds

ROWS = [
    {"question": f'What is {n}, "half" of {2 * n}?\nSay it.', "answer": str(n)} for n in range(5)
]
LINES = "".join(f"{json.dumps(row)}\n" for row in ROWS).encode()


def table(path, fields=None, **keys):
    fields = fields or {"problem": "question", "answer": "answer"}
    spec = {"reader": "table", "path": str(path), "licence": "MIT", "fields": fields, **keys}
    return Table.model_validate(spec)


def _csv(delimiter=","):
    def quoted(text):
        return '"' + text.replace('"', '""') + '"'

    lines = [delimiter.join(map(quoted, row.values())) for row in ROWS]
    return "\r\n".join([delimiter.join(ROWS[0]), *lines]).encode()


def _stream():
    sink = pa.BufferOutputStream()
    batch = pa.RecordBatch.from_pylist(ROWS)
    with pa.ipc.new_stream(sink, batch.schema) as out:
        out.write_batch(batch.slice(0, 2))
        out.write_batch(batch.slice(2))
    return sink.getvalue().to_pybytes()


def _arrow():
    sink = pa.BufferOutputStream()
    batch = pa.RecordBatch.from_pylist(ROWS)
    with pa.ipc.new_file(sink, batch.schema) as out:
        out.write_batch(batch)
    return sink.getvalue().to_pybytes()


def _tar():
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("rows.jsonl"))
    return archive.getvalue()


def _parquet():
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(ROWS), sink)
    return sink.getvalue().to_pybytes()


FORMATS = {
    "lines": LINES,
    "lines with a mark and other ends": b"\xef\xbb\xbf" + LINES.replace(b"\n", b"\r\n\r\n"),
    "lines, gzip": gzip.compress(LINES),
    "lines, bzip2": bz2.compress(LINES),
    "lines, xz": lzma.compress(LINES),
    "lines, zstd": pa.compress(LINES, codec="zstd", asbytes=True),
    "array": json.dumps(ROWS, indent=1).encode(),
    "array, gzip": gzip.compress(json.dumps(ROWS).encode()),
    "csv": _csv(),
    "csv with a mark": b"\xef\xbb\xbf" + _csv(),
    "csv with tabs": _csv("\t"),
    "csv, gzip": gzip.compress(_csv()),
    "parquet": _parquet(),
    "arrow stream": _stream(),
    "arrow file": _arrow(),
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ["rows.bin", "rows.parquet"])
def test_the_content_of_a_file_decides_its_format(tmp_path, form, name):
    (tmp_path / name).write_bytes(FORMATS[form])
    assert [record.values for record in records(str(tmp_path / name), "path")] == ROWS
    read = read_whole(table(tmp_path / name), "mine")
    assert [(s.problem, s.answer, s.licence) for s in read.train] == [
        (row["question"], row["answer"], "MIT") for row in ROWS
    ]


def test_a_long_array_is_read_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr("caco.stages.seeds.files._CHUNK", 7)
    rows = [{"a": ['x"]},{', {"b": "\\"}], "n": n} for n in range(20)]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    assert [record.values for record in records(str(tmp_path / "a.json"), "path")] == rows


def test_objects_of_several_lines_are_rows(tmp_path, monkeypatch):
    """As in the published archive of MATH: a file for each problem, written with an indent."""
    monkeypatch.setattr("caco.stages.seeds.files._CHUNK", 7)
    for number, end in enumerate(("", "\n", "\r\n")):
        text = "\n".join(json.dumps(row, indent=4) for row in ROWS[number : number + 2]) + end
        (tmp_path / f"{number}.json").write_text(text)
        found = [record.values for record in records(str(tmp_path / f"{number}.json"), "path")]
        assert found == ROWS[number : number + 2]
    (tmp_path / "r").write_text(json.dumps(ROWS[0], indent=4)[:-1])
    with pytest.raises(UserError, match="its JSON object has no end; get the complete file"):
        list(records(str(tmp_path / "r"), "path"))
    (tmp_path / "r").write_text(json.dumps({"rows": ROWS}, indent=4))
    with pytest.raises(UserError, match=r"no column `question`.*; it has `rows`"):
        read_whole(table(tmp_path / "r"), "mine")


@pytest.mark.parametrize("form", ["parquet", "stream", "file"])
def test_a_column_that_a_file_has_twice_is_an_error(tmp_path, form):
    twice = pa.table([pa.array(["1?"]), pa.array(["1"]), pa.array(["2"])],
                     names=["question", "answer", "answer"])  # fmt: skip
    with (tmp_path / "r").open("wb") as file:
        if form == "parquet":
            pq.write_table(twice, file)
        else:
            new = pa.ipc.new_stream if form == "stream" else pa.ipc.new_file
            with new(file, twice.schema) as out:
                out.write_table(twice)
    with pytest.raises(UserError, match="it has the column `answer` twice; rename one"):
        read_whole(table(tmp_path / "r"), "mine")


GOOD = '{"question": "1 + 1?", "answer": "2"}'
MALFORMED = {
    "{broken": "not JSON",
    "[1]": "not a JSON object",
    '{"question": "1 + 2?"}': "`answer` is missing or null",
    '{"question": "1 + 2?", "answer": null}': "`answer` is missing or null",
    '{"question": " ", "answer": "2"}': "`question` is empty",
    '{"question": ["1 + 2?"], "answer": "3"}': "not a text; a name such as `question[0]`",
    '{"question": 5, "answer": "3"}': "`question` is a value of the type int",
    '{"question": "1 + 2?", "answer": NaN}': "`answer` is nan",
    '{"question": "1 + 2?", "answer": 1e9999}': "`answer` is inf",
    '{"question": "1 + 2?", "answer": ' + "9" * 6_000 + "}": "an integer of 6,000 digits",
    '{"question": ' + "[" * 100_000 + "]" * 100_000 + "}": "nested too deeply",
    '{"question": "1 + \\ud83d?", "answer": "3"}': "the lone surrogate U+D83D",
    '{"question": "1 + 2?", "answer": "3", "answer": "4"}': "it has the key `answer` twice",
    '{"question": "1?", "answer": "1", "meta": [{"a": 1, "a": 2}]}': "it has the key `a` twice",
    '{"question": "1?", "answer": "1", "\\ud800": 1, "\\ud800": 2}': "key `\\ud800` twice",
    "\udcff": "not JSON",
}


@pytest.mark.parametrize("form", ["lines", "array"])
def test_a_rows_fault_is_its_verdict(tmp_path, form):
    rows = [
        GOOD,
        *(row for row in MALFORMED if form == "lines" or row not in ("{broken", "\udcff")),
    ]
    text = "\n".join(rows) if form == "lines" else f"[{','.join(rows)}]"
    (tmp_path / "r.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    read = read_whole(table(tmp_path / "r.json"), "mine")
    assert len(read.train) == 1
    assert {row.verdict for row in read.rejected} == {"malformed"}
    assert len({row.row_id for row in read.rejected}) == len(rows) - 1
    for place, (text, row) in enumerate(zip(rows[1:], read.rejected, strict=True), start=2):
        where = "line" if form == "lines" else "row"
        assert row.reason.startswith(f"{where} {place}: ") and MALFORMED[text] in row.reason
        row.row.encode()


def test_faults_of_csv_and_parquet_rows(tmp_path):
    (tmp_path / "r.csv").write_bytes(b"question,answer\n1 + 1?,2\n1 + 2?\n1 + \xff?,3\n1 + 3?,4\n")
    read = read_whole(table(tmp_path / "r.csv"), "mine")
    assert [s.answer for s in read.train] == ["2", "4"]
    assert [r.reason for r in read.rejected] == [
        "line 3: it has 1 fields, the header has 2",
        "line 4: it is not UTF-8; convert the file",
    ]
    (tmp_path / "r.csv").write_bytes(b'question,answer\n1 + 1?,2\n"1 + 2?,3\n1 + 3?,4\n')
    read = read_whole(table(tmp_path / "r.csv"), "mine")
    assert [s.answer for s in read.train] == ["2"]
    assert read.rejected[0].reason.endswith("it ends on line 4, so a quote in it may have no end")
    (tmp_path / "r.csv").write_bytes(b'\xef\xbb\xbf"question",answer\r\n"1\r\n+ ""1""?",2\r\n')
    (seed,) = read_whole(table(tmp_path / "r.csv"), "mine").train
    assert seed.problem == '1\r\n+ "1"?'
    texts = pa.array([b"1 + 1?", b"1 + \xff?", b"1 + 3?"]).view(pa.string())
    answers = pa.array([2.0, 3.0, float("nan")])
    pq.write_table(pa.table({"question": texts, "answer": answers}), tmp_path / "r.parquet")
    read = read_whole(table(tmp_path / "r.parquet"), "mine")
    assert [(s.problem, s.answer) for s in read.train] == [("1 + 1?", "2")]
    assert "row 2: it cannot be read" in read.rejected[0].reason
    assert "row 3: `answer` is nan" in read.rejected[1].reason


def test_a_folder_a_glob_and_a_saved_data_set(tmp_path):
    for n, row in enumerate(ROWS):
        (tmp_path / f"{n}.jsonl").write_text(json.dumps(row))
    for path in (tmp_path, tmp_path / "*.jsonl"):
        assert [s.answer for s in read_whole(table(path), "mine").train] == list("01234")
    assert [s.answer for s in read_whole(table(tmp_path, rows=2), "mine").train] == ["0", "1"]
    saved = tmp_path / "saved" / "train"
    saved.mkdir(parents=True)
    (saved / "data-00000-of-00001.arrow").write_bytes(_stream())
    (saved / "dataset_info.json").write_text("{}")
    state = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}
    (saved / "state.json").write_text(json.dumps(state))
    assert len(read_whole(table(saved), "mine").train) == 5
    (saved.parent / "dataset_dict.json").write_text('{"splits": ["train"]}')
    with pytest.raises(UserError, match=r"several splits; set the path to .*/train"):
        read_whole(table(saved.parent), "mine")
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n")
    assert len(read_whole(table(tmp_path), "mine").train) == 5
    with pytest.raises(UserError, match=r"above: the folder has no file of rows; name those be"):
        (tmp_path / "above" / "below").mkdir(parents=True)
        read_whole(table(tmp_path / "above"), "mine")
    with pytest.raises(UserError, match=r"no\.jsonl: there is no such file; correct `sou"):
        read_whole(table(tmp_path / "no.jsonl"), "mine")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04", "ZIP archive"),
        (b"version https://git-lfs.github.com/spec/v1\n", "pointer of Git LFS"),
        (b"PAR1\x00", "cannot be read"),
        (gzip.compress(LINES)[:-20], "cannot be read"),
        (bz2.compress(LINES)[:-20], "cannot be read"),
        (lzma.compress(LINES)[:-20], "cannot be read"),
        (_tar(), "it is a tar archive; extract it"),
        (gzip.compress(_tar()), "it is a tar archive; extract it"),
        (b"\n<!DOCTYPE html>\n<html></html>", "it is a web page, not the file itself"),
        ("question".encode("utf-32"), "it is text in UTF-32"),
        (json.dumps(ROWS).encode()[:-5], "its JSON array has no end"),
        (b"\x00\x01\x02", "none of JSON lines"),
        (b"", "0 distinct problems.*; no row was found"),
        (json.dumps(ROWS).encode() + b" [{}]", "text follows its JSON array"),
        ("question,answer".encode("utf-16"), "it is text in UTF-16; convert it"),
        (b"question,answer,answer\n1,2,3\n", "it has the column `answer` twice"),
        (b'"a\nb",answer\n1,2\n', r"no column `question`.*; it has `a\\nb`, `answer`"),
    ],
)
def test_a_file_that_is_no_table_is_an_error(tmp_path, content, message):
    (tmp_path / "r").write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_whole(table(tmp_path / "r"), "mine")


def test_a_wrong_name_is_an_error_with_the_columns_of_the_file(tmp_path):
    (tmp_path / "r.jsonl").write_bytes(LINES)
    fields = {"problem": "question", "answer": "answr"}
    with pytest.raises(UserError) as caught:
        read_whole(table(tmp_path / "r.jsonl", fields), "mine")
    assert str(caught.value) == (
        f"{tmp_path}/r.jsonl: it has no column `answr`, which "
        "`sources.mine.seeds.fields.answer` names; it has `answer`, `question`"
    )
    with pytest.raises(UserError, match=r"no column `level`, which `.*seeds\.filters`"):
        read_whole(table(tmp_path / "r.jsonl", filters=["level < 3"]), "mine")
    with pytest.raises(UserError, match=r"seeds\.filters`: `level <` is not a condition; correct"):
        read_whole(table(tmp_path / "r.jsonl", filters=["level <"]), "mine")


def test_too_few_rows_name_the_filter(tmp_path, capsys):
    (tmp_path / "r.jsonl").write_bytes(LINES)
    with pytest.raises(UserError) as caught:
        read_whole(table(tmp_path / "r.jsonl", filters=['answer == "7"'], min_rows=2), "mine")
    assert 'rejected rows: filtered `answer == "7"` does not hold 5 (the first' in str(caught.value)
    assert "seeds of mine: 5 rows are filtered `answer" in capsys.readouterr().out


def test_names_are_nested_and_templates_compose():
    row = {"meta": {"answer": 5}, "answers": [{"text": "x"}], "a.b": "dotted", "Body": "B."}
    assert Field("meta.answer").text(row, numbers=True) == "5"
    assert Field("answers[0].text").text(row) == "x"
    assert Field("answers[1].text").text(row) is None
    assert Field("a.b").text(row) == "dotted"
    assert Field("{Body} {{{meta.answer}}}").text(row) == "B. {5}"
    assert Field("{Body} {missing}").text(row) is None
    for wrong in ("", "a[", "a[x]", "[0]", "{}", "{a!r}", "{a:>3}", "{a"):
        with pytest.raises(ValueError):
            Field(wrong)
    assert Column("a[0]").head == "a"


@pytest.mark.parametrize(
    ("text", "meets"),
    [
        ("rate < 0.3", True), ("0.1 <= rate < 0.2", False), ('type == "Algebra"', True),
        ('type in ["Algebra", "Geometry"]', True), ("type not in ('Algebra',)", False),
        ('meta.level >= 3 and not (type == "x")', True), ("missing == None", True),
        ("rate > -1 or missing < 3", True), ("tags[0] != 'a'", False),
        # Every value of CSV is a text.
        ("csv < 0.3", True), ("0.25 == csv", True), ("csv in [0.5, 0.25]", True),
        ("csv == '0.25'", True), ("csv != 0.250", False), ("type == 3", False),
    ],
)  # fmt: skip
def test_filters_are_conditions(text, meets):
    row = {"rate": 0.25, "type": "Algebra", "meta": {"level": 3}, "tags": ["a"], "csv": "0.25"}
    assert Filter(text).meets(row) is meets


def test_what_is_no_condition_is_refused_and_what_cannot_be_compared_is_malformed():
    for text in ("__import__('os')", "f(rate)", "rate + 1 < 2", "1 < 2", "x if y else z", "", "a <",
                 "lambda: a", "[a for a in b]", "rate is None"):  # fmt: skip
        with pytest.raises(ValueError):
            Filter(text)
    with pytest.raises(Malformed, match=r"`rate` is None, so that `rate < 0\.3` cannot be"):
        Filter("rate < 0.3").meets({})
    with pytest.raises(Malformed, match=r"`rate` is 'low', so that `rate < 0\.3` cannot be"):
        Filter("rate < 0.3").meets({"rate": "low"})


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"so $\boxed{2}$.", "2"),
        (r"\boxed{1}, then \boxed{\dfrac{9}{7}}.", r"\dfrac{9}{7}"),
        (r"\fbox{\{1, 2\}}", r"\{1, 2\}"),
        (r"$\boxed 5$.", "5"),
    ],
)
def test_the_last_box_is_the_answer(text, answer):
    assert boxed(text) == answer


def test_answers_after_a_mark_and_in_boxes(tmp_path):
    rows = [
        {"q": "Pens?", "a": "2+3=<<2+3=5>>5\n#### 5", "s": r"It is \boxed{5}."},
        {"q": "More?", "a": "5", "s": "five"},
    ]
    (tmp_path / "r.json").write_text(json.dumps(rows))
    fields = {"problem": "q", "answer": "a", "solution": "a", "extract": "after_hashes"}
    read = read_whole(table(tmp_path / "r.json", fields), "mine")
    assert [(s.answer, s.solution) for s in read.train] == [("5", "2+3=<<2+3=5>>5")]
    assert read.rejected[0].reason == "row 2: its answer has no `####`"
    fields = {"problem": "q", "answer": "s", "extract": "boxed", "id": "q"}
    read = read_whole(table(tmp_path / "r.json", fields), "mine")
    assert [s.answer for s in read.train] == ["5"]
    assert read.rejected[0].reason == r"row 2 (More?): its solution has no `\boxed`"


def test_a_function_with_tests_asks_for_the_value_of_its_first_test(tmp_path):
    row = {"text": "Write a function to add.", "code": "def add(a, b):\r\n    return a + b",
           "tests": ["assert add(f(1), 2) == 3", "assert add([1], b=[2]) == [1, 2]"]}  # fmt: skip
    broken = row | {"tests": ["assert len(1) == 1"]}
    (tmp_path / "r.json").write_text(json.dumps([row, broken, row | {"tests": [1]}]))
    fields = {"problem": "text", "program": "code", "tests": "tests"}
    read = read_whole(table(tmp_path / "r.json", fields, domain="algorithm"), "mine")
    (seed,) = read.train
    assert (
        seed.problem == "Write a function to add.\n\nWhat does `add` return for a = [1], b = [2]?"
    )
    assert (seed.answer, seed.domain) == ("[1,2]", "algorithm")
    assert "no test compares a call of its function" in read.rejected[0].reason
    (tmp_path / "r.json").write_text(json.dumps([row | {"tests": repr(row["tests"])}]))
    assert read_whole(table(tmp_path / "r.json", fields), "mine").train[0].answer == "[1,2]"
    assert "`tests` is neither a text nor a list of texts" in read.rejected[1].reason


@pytest.mark.parametrize(
    ("test", "why"),
    [
        ("assert add(1, 2) == len([1])", "its value is no literal"),
        ("assert add(f(1), 2) == 3", "its argument `a` is no literal"),
        ("assert sorted(add(1, 2), key=f) == [3]", "an argument of `sorted` is no literal"),
        ("assert abs(add(1, 2) - x) < 1", "its value is no literal"),
        ("assert add(1, 2) == sorted([3, 'a'])", "its value cannot be sorted"),
        ("assert add(1, 2) == 3j", "its value is no JSON: it contains a complex"),
        ("assert add(1, b'2') == 3", "its argument `b` is no JSON: it contains a bytes"),
        (
            "assert add(1, 2) == {1: 3, '1': 4}",
            "its value is no JSON: two keys have the same JSON text '1'",
        ),
    ],
)
def test_the_reason_of_a_test_without_literals_is_the_same_in_every_run(tmp_path, test, why):
    row = {"text": "Add.", "code": "def add(a, b):\n    return a + b", "tests": [test]}
    (tmp_path / "r.json").write_text(json.dumps([row]))
    fields = {"problem": "text", "program": "code", "tests": "tests"}
    seeds = read_seeds(table(tmp_path / "r.json", fields), "mine", [])
    rejected = next(row for row in seeds if isinstance(row, Rejected))
    assert rejected.reason == f"row 1: `{test.removeprefix('assert ')}`: {why}"


@pytest.mark.parametrize(
    ("expected", "answer"),
    [
        ("{(3, 4), (1, 2)}", "{(3, 4), (1, 2)}"),  # its members have no order
        ("[{2, 1, 2}]", "[{2, 1}]"),
        ("{(1, 2): 3, None: {4}}", "{(1, 2): 3, None: {4}}"),
        ("{(1, 2): 3, None: [4]}", '{"[1,2]":3,"null":[4]}'),
        ("set([2, 1, 2])", "{2, 1}"),
        ("set()", "set()"),
        ("sorted((2, 1))", "[1,2]"),
        ("{10: 1, 9: 2}", '{"10":1,"9":2}'),
    ],
)
def test_sets_and_keys_that_are_no_texts_are_values_as_in_the_sandbox(tmp_path, expected, answer):
    test = f"assert add({{1, 2}}, {{(1, 2): 3}}) == {expected}"
    row = {"text": "Add.", "code": "def add(a, b):\n    return a + b", "tests": [test]}
    (tmp_path / "r.json").write_text(json.dumps([row]))
    fields = {"problem": "text", "program": "code", "tests": "tests"}
    (seed,) = read_whole(table(tmp_path / "r.json", fields), "mine").train
    assert seed.problem.endswith("return for a = {1, 2}, b = {(1, 2): 3}?")
    assert seed.answer == answer


@pytest.mark.parametrize(
    ("test", "asked", "answer"),
    [
        ("set(add(1, 2)) == {3, 4}", "What is `set(add(a, b))` for a = 1, b = 2?", "{3, 4}"),
        ("[4] == sorted(add(1, b=2), reverse=True)",
         "What is `sorted(add(a, b), reverse=True)` for a = 1, b = 2?", "[4]"),
        ("len(set(add(1, 2))) == 1", "What is `len(set(add(a, b)))` for a = 1, b = 2?", "1"),
        ("round(add(1, 2), 2) == 3.14", "What is `round(add(a, b), 2)` for a = 1, b = 2?", "3.14"),
        ("abs(add(1, 2) - 3.14) < 1e-2", "What does `add` return for a = 1, b = 2?", "3.14"),
        ("math.isclose(add(1, 2), 3.14, rel_tol=1e-2)",
         "What does `add` return for a = 1, b = 2?", "3.14"),
        ("add(1, 2) == pytest.approx(3.14, rel=1e-2)",
         "What does `add` return for a = 1, b = 2?", "3.14"),
        ("approx([3.5]) == add(1, 2)", "What does `add` return for a = 1, b = 2?", "[3.5]"),
        ("add(1, 2)", "What is `bool(add(a, b))` for a = 1, b = 2?", "true"),
        ("not add(1, 2)", "What is `bool(add(a, b))` for a = 1, b = 2?", "false"),
    ],
)  # fmt: skip
def test_a_test_of_a_value_of_the_call_asks_for_that_value(tmp_path, test, asked, answer):
    """`set(f(x))` says nothing of the order of `f(x)`, and `len(f(x))` nothing of its members."""
    row = {"text": "Add.", "code": "def add(a, b):\n    return a + b", "tests": [f"assert {test}"]}
    (tmp_path / "r.json").write_text(json.dumps([row]))
    fields = {"problem": "text", "program": "code", "tests": "tests"}
    (seed,) = read_whole(table(tmp_path / "r.json", fields), "mine").train
    assert (seed.problem, seed.answer) == (f"Add.\n\n{asked}", answer)


@pytest.mark.parametrize(
    ("body", "call"),
    [
        ("a = [1]\nb: list = [2]\nassert add(a, b) == [3]", ("a = [1], b = [2]", "[3]")),
        ("a = [1]\nfound = add(a, 2)\nwanted = [3]\nassert found == wanted",
         ("a = [1], b = 2", "[3]")),
        ("n = 4\nprint(n)\nassert add(n, n) == 8", ("a = 4, b = 4", "8")),
        ("a = [1]\na = [2]\nassert add(a, 1) == [3]", ("a = [2], b = 1", "[3]")),
        ("assert add(1, 1)\nassert add(2, 2) == 4", ("a = 2, b = 2", "4")),  # tells more
        ("assert add([], []) == []\nassert add([1], []) == [1]", ("a = [1], b = []", "[1]")),
        ("assert add([], []) == []", ("a = [], b = []", "[]")),
        ("assert add(x, 1) == 1 and add(2, 2) == 4", ("a = 2, b = 2", "4")),
        # What a statement has read may have another value after it.
        ("a = [1]\npush(a)\nassert add(a, 1) == [3]", None),
        ("a = [1]\nassert add(a, x) == [3]\nassert add(a, 1) == [3]", None),
        ("n = 4\nn += 1\nassert add(n, 1) == 6", None),
        ("n = 4\nfor n in [5]:\n    pass\nassert add(n, 1) == 6", None),
        ("a = make([1])\nassert add(a, 1) == [3]", None),
        ("assert all(add(1, 2) for n in [1])", None),
    ],
)  # fmt: skip
def test_variables_of_a_test_have_their_values(tmp_path, body, call):
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    row = {"text": "Add.", "code": "def add(a, b):\n    return a + b",
           "tests": f"from solution import add\n\ndef test_add():\n{indented}"}  # fmt: skip
    (tmp_path / "r.json").write_text(json.dumps([row]))
    fields = {"problem": "text", "program": "code", "tests": "tests"}
    if call is None:
        (found,) = islice(read_seeds(table(tmp_path / "r.json", fields), "mine", []), 1)
        assert isinstance(found, Rejected) and found.verdict == "malformed"
        return
    (seed,) = read_whole(table(tmp_path / "r.json", fields), "mine").train
    assert seed.problem == f"Add.\n\nWhat does `add` return for {call[0]}?"
    assert seed.answer == call[1]


def test_a_map_must_give_an_answer():
    seeds = {"reader": "table", "path": "a", "licence": "MIT"}
    spec = {"seeds": seeds | {"fields": {"problem": "q"}}, "unify": {"converter": "tests"}}
    with pytest.raises(UserError, match="a seed has a known answer; set `answer`"):
        section_of_spec(Source, json.dumps(spec))
    spec["seeds"] = seeds | {"fields": {"problem": "q", "answer": "a"}}
    with pytest.raises(UserError, match=r"the converter `tests` needs `seeds\.fields\.tests`"):
        section_of_spec(Source, json.dumps(spec))


def test_the_held_out_part_does_not_depend_on_the_order(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(ROWS + ROWS))
    (tmp_path / "b.json").write_text(json.dumps(ROWS[::-1]))
    first = read_whole(table(tmp_path / "a.json", held_out=2), "mine")
    second = read_whole(table(tmp_path / "b.json", held_out=2), "mine")
    assert {s.seed_id for s in first.held_out} == {s.seed_id for s in second.held_out}
    # As before rows were streamed: those with the lowest digests of seed and problem.
    assert [s.answer for s in first.held_out] == ["0", "1"]
    assert [s.answer for s in first.train] == ["2", "3", "4"]
    assert Counter(r.verdict for r in first.rejected) == {"duplicate": 5}


def test_real_files_are_read_whole(shared_data):
    seed = shared_data / "seed"
    fields = {"problem": "problem", "answer": "answer"}
    read = read_whole(table(seed / "math_train_answers.json", fields), "math")
    assert len(read.train) == 7469
    assert Counter(r.verdict for r in read.rejected) == {"malformed": 4, "duplicate": 1}
    fields = {"problem": "text", "program": "code", "tests": "test_list", "id": "task_id"}
    reader = table(seed / "mbpp.jsonl", fields, filters=["task_id >= 601"])
    read = read_whole(reader, "mbpp")
    assert len(read.train) == 372
    assert Counter(r.verdict for r in read.rejected) == {"malformed": 2, "filtered": 600}
    fields = {"problem": "{Body} {Question}", "answer": "Answer"}
    read = read_whole(table(shared_data / "bench" / "svamp.jsonl", fields), "svamp")
    assert len(read.train) + len(read.rejected) == 1000
    assert read.train[0].answer == "145"


@pytest.mark.parametrize(
    ("answer", "inner"),
    [
        ("$10-4 n$", "10-4 n"),
        (" $$ x $$ ", "x"),
        (r"\(x\)", "x"),
        (r"\[\frac{1}{2}\]", r"\frac{1}{2}"),
        (
            r"$\begin{array}{l} 1 \\[2pt] 2 \end{array}$",
            r"\begin{array}{l} 1 \\[2pt] 2 \end{array}",
        ),
        (r"$\$ 5$", r"\$ 5"),
        ("$1$, $2$", "$1$, $2$"),
        ("$x", "$x"),
        (r"$5\$", r"$5\$"),
        (r"\(1\), \(2\)", r"\(1\), \(2\)"),
        ("$$", "$$"),
        ("$ $", "$ $"),
        ("7", "7"),
    ],
)
def test_an_answer_has_no_dollar_signs_around_it(tmp_path, answer, inner):
    assert unwrapped(answer) == inner
    (tmp_path / "r.jsonl").write_text(json.dumps({"question": "?", "answer": answer}))
    assert [s.answer for s in read_whole(table(tmp_path / "r.jsonl"), "mine").train] == [inner]
