"""Rows that repeat a program or question of the corpus, and the limits on similar rows."""

import pytest

from caco.config.checks import Corpus
from caco.overlap.near import NearDuplicates, signature
from caco.stages.corpus.duplicates import Duplicates

TEXT = (
    "A farmer has {} hens and {} goats in a large green field near the old river. Every morning he "
    "gives each of the animals a handful of corn and then walks back to his house in the village. "
    "How many animals does the farmer feed on a normal day in {}?"
)


@pytest.fixture
def verdicts(solution):
    """Returns the verdicts on rows, each with the columns given."""

    def check(rows, **settings):
        found = Duplicates(Corpus(**settings))
        return [found.verdict(solution(n, **columns)) for n, columns in enumerate(rows)]

    return check


def test_a_program_under_other_names_is_a_duplicate(verdicts):
    program = "input = {{'{0}': 3}}\ndef {1}({0}):\n    return {0} + 1\noutput = {1}(**input)"
    first, second = program.format("hens", "more"), program.format("goats", "rise")
    other = second.replace("3", "4")
    found = verdicts([{"program": text} for text in (first, f"# a\n{second}", other)])
    assert [v and v[0] for v in found] == [None, "duplicate_program", None]
    assert found[1] == (
        "duplicate_program",
        "the corpus has 1 rows of the program p1, except for its names",
    )


def test_nearly_the_same_question_is_a_near_duplicate(verdicts):
    text = TEXT.format(3, 4, "May")
    rows = [
        text,
        text.replace("farmer feed", "farmer have to feed"),
        text.replace("3", "three").upper(),
        TEXT.format(4, 3, "May"),
        TEXT.format(3, 5, "May"),
        "A shop has 3 hats and 4 bags. How many things are in the shop?",
    ]
    found = verdicts([{"question": row} for row in rows])
    assert [v and v[0] for v in found] == [
        None, "near_duplicate", "near_duplicate", None, None, None,
    ]  # fmt: skip
    assert found[1][1] == (
        "its question is that of the row q0, with 0.89 of their 3-grams in common and the same "
        "numbers"
    )
    assert not any(verdicts([{"question": row} for row in rows[:2]], near_duplicates=None))
    assert not any(verdicts([{"question": row} for row in rows[:2]], near_duplicates=0.95))
    assert not any(verdicts([{"question": row} for row in rows[:2]], deduplicate=False))


def test_the_same_question_names_the_retained_row(verdicts):
    _, second = verdicts([{"question": "Why so?"}, {"question": "why so"}])
    reason = "the row q0 has the same question, except for case and punctuation"
    assert second == ("duplicate_question", reason)


def test_the_rows_of_a_family_are_limited(verdicts):
    program = "input = {{'a': {}}}\noutput = input['a'] + 1"
    texts = [program.format(n) for n in range(3)] + ["input = {'a': 9}\noutput = input['a'] * 2"]
    found = verdicts([{"program": text} for text in texts], per_family=2)
    assert [v and v[0] for v in found] == [None, None, "over_per_family", None]
    assert found[2][1] == "the corpus has 2 rows of its family of programs"


def test_the_rows_of_a_template_are_limited(verdicts):
    rows = [{"question": TEXT.format(n, n + 1, "May")} for n in range(5)]
    found = verdicts([*rows, {"question": TEXT.format(9, 10, "June")}], per_template=3)
    assert [v and v[0] for v in found] == [None] * 3 + ["over_per_template"] * 2 + [None]
    assert found[3][1] == "the corpus has 3 rows with its words and other numbers"


def test_a_rejected_row_counts_for_no_limit(verdicts):
    rows = [{"question": TEXT.format(n // 2, 1, "May")} for n in range(6)]
    found = verdicts(rows, per_template=3)
    assert [v and v[0] for v in found] == [None, "duplicate_question"] * 3


def test_the_most_similar_row_is_named():
    near = NearDuplicates(0.8)
    text = TEXT.format(3, 4, "May")
    for name, row in (("a", text.replace("normal", "usual")), ("b", text)):
        near.add(name, signature(row))
    assert near.find(signature(text)) == ("b", 1.0)
    assert near.find(signature("")) is None
    assert NearDuplicates(0.8).find(signature(text)) is None


@pytest.mark.parametrize("text", ["", "Why?", "7", "What is 7?"])
def test_short_texts_are_near_themselves_only(text):
    near = NearDuplicates(0.8)
    near.add("a", signature("What is 8 + 8 and why?"))
    assert near.find(signature(text)) is None
    near.add("b", signature(text))
    assert near.find(signature(text)) == ("b", 1.0)
