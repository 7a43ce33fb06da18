"""Every line of input gets one line of output, in order, with its `id`."""

import io
import json
import random
import time
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caco.errors import ClusterError
from caco.runtime.jsonl import RawJson, Refusal, Row, answer_lines, read_row

DEEP = b"[" * 100_000 + b"]" * 100_000


def echo(row: Row) -> Mapping[str, object]:
    return {"text": row.text("text")}


def refuse(kind: Refusal, reason: str) -> Mapping[str, object]:
    return {kind: reason}


def answered(source: bytes, answer=echo, workers: int = 1) -> list[bytes]:
    sink = io.BytesIO()
    answer_lines(answer, refuse, workers, io.BytesIO(source), sink)
    return sink.getvalue().splitlines()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, st.text(), st.booleans())
def test_an_id_of_any_value_is_passed_through(value: object, text: str, escaped: bool) -> None:
    row = json.dumps({"id": value, "text": text}, ensure_ascii=escaped, allow_nan=True)
    if "Infinity" in row:
        return
    (line,) = answered(row.encode())
    assert json.loads(line) == {"id": value, "text": text}
    assert line.isascii()


@given(st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=6))
def test_lines_of_any_bytes_get_a_line_each(lines: list[bytes]) -> None:
    source = b"".join(line + b"\n" for line in lines)
    assert [set(json.loads(line)) for line in answered(source)] == [{"id", "invalid_row"}] * len(
        lines
    )


@given(st.data())
def test_what_parses_here_is_what_the_json_module_parses(data: st.DataObject) -> None:
    text = json.dumps(data.draw(st.dictionaries(st.text(max_size=2), VALUES, max_size=3)))
    at = data.draw(st.integers(0, len(text)))
    edited = text[:at] + data.draw(st.sampled_from(["", ",", "}", '"', " ", "0"])) + text[at + 1 :]
    try:
        valid = isinstance(json.loads(edited), dict)
    except ValueError:
        valid = False
    if not any(constant in edited for constant in ("NaN", "Infinity")):
        assert (read_row(2, edited.encode()).problem is None) is valid


@pytest.mark.parametrize(
    ("line", "id", "problem"),
    [
        (b"", "null", "the line is empty"),
        (b"5", "null", "the line is not an object of JSON"),
        (b'{"id": 1, "text": "x"', "1", "the line is not JSON: expecting '}' (column 23)"),
        (b'{"id": 1,}', "1", "expecting a key in double quotes (column 10)"),
        (b'{"id": 1} {}', "1", "text after the object (column 11)"),
        (b'{"text": NaN, "id": 2}', "2", "`text` contains NaN, which is not JSON"),
        (b'{"id": [-Infinity], "text": ""}', "null", "`id` contains -Infinity"),
        (b'{"text": ' + DEEP + b', "id": 3}', "3", "`text` is nested too deeply"),
        (b'{"text": "", "id": ' + DEEP + b"}", "null", "`id` is nested too deeply"),
        (b'{"text": ' + DEEP[:-1] + b', "id": 3}', "null", "`text` is nested too deeply"),
        (b'{"id": 4, "text": "\xff"}', "4", "byte 0xff in column 20 is not UTF-8"),
        (b'{"id": "\xff", "text": ""}', "null", "byte 0xff in column 9 is not UTF-8"),
        (b'{"id": 5, "text": "\\ud800"}', "5", "`text` contains the lone surrogate U+D800"),
        (b'{"id": 6, "text": 1}', "6", "`text` is 1; it must be a string"),
        (b'{"id": 7}', "7", "`text` is missing; set it to a string"),
        (b'{"id": 8, "text": null}', "8", "`text` is null; set it to a string"),
    ],
)  # fmt: skip
def test_the_line_of_a_bad_row_says_what_is_wrong(line: bytes, id: str, problem: str) -> None:
    (found,) = answered(line + b"\n")
    assert found.startswith(f'{{"id": {id}, "invalid_row": "line 1: '.encode())
    assert problem in json.loads(found)["invalid_row"]


@pytest.mark.parametrize(
    "id", ["1e400", "9" * 10_000, "[1.00000000000000000001, -0.0]", r'"\ud800"', "  {} "]
)
def test_an_id_loses_nothing(id: str) -> None:
    (line,) = answered(f'{{"id": {id}, "text": ""}}'.encode())
    assert line == f'{{"id": {id.strip()}, "text": ""}}'.encode()


def test_no_character_in_a_line_looks_like_its_end() -> None:
    (line,) = answered('{"id": [\r"\u2028\x85é😀"], "text": "\u2029"}\n'.encode())
    assert line.decode().splitlines() == [line.decode()]
    assert json.loads(line) == {"id": ["\u2028\x85é😀"], "text": "\u2029"}


def test_the_last_of_two_members_counts_and_a_bom_does_not() -> None:
    (line,) = answered(b'\xef\xbb\xbf{"id": 1, "text": "a", "id": 2, "text": "b"}\r')
    assert json.loads(line) == {"id": 2, "text": "b"}


def test_several_workers_keep_the_order() -> None:
    def slow(row: Row) -> Mapping[str, object]:
        time.sleep(random.random() / 200)
        return {"number": row.number}

    lines = answered(b'{"id": 0}\n' * 300, slow, workers=8)
    assert [json.loads(line)["number"] for line in lines] == list(range(1, 301))


def test_a_bug_costs_one_row(capsys) -> None:
    def fails(row: Row) -> Mapping[str, object]:
        return {"quotient": 1 // int(row.text("text"))}

    lines = answered(b'{"id": 1, "text": "0"}\n{"id": 2, "text": "1"}\n', fails)
    assert [json.loads(line) for line in lines] == [
        {
            "id": 1,
            "internal_error": "line 1: ZeroDivisionError: integer division or modulo by zero",
        },
        {"id": 2, "quotient": 1},
    ]
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_an_error_of_the_machine_ends_it() -> None:
    def fails(row: Row) -> Mapping[str, object]:
        raise ClusterError("no memory")

    with pytest.raises(ClusterError, match="no memory"):
        answered(b"{}\n" * 100, fails)


def test_raw_json_is_copied() -> None:
    (line,) = answered(b"{}", lambda row: {"value": RawJson("1" * 5_000)})
    assert line == b'{"id": null, "value": ' + b"1" * 5_000 + b"}"
