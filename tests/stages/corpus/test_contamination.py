"""Whether a row restates a benchmark's problem: every layer, and rows that do not."""

import json
from random import Random

import pytest

from caco.config.checks import LAYERS, Decontaminate
from caco.overlap.computation import computation_id
from caco.overlap.contamination import Item, Items
from caco.overlap.words import masked, words

PROBLEM = (
    "Janet's ducks lay 16 eggs per day. She eats three for breakfast every morning and sells 25% "
    "of the remainder at the market for $2 per egg. How much does she make every day at the market?"
)
PROGRAM = """input = {"eggs": 16, "eaten": 3}

def left(eggs, eaten):
    rest = eggs - eaten
    return rest

output = left(**input)
print(output)
"""
FORMULA = r"Compute $\sin 60^\circ$."
ITEMS = [
    Item("problem 1 of ducks", PROBLEM, PROGRAM),
    Item("problem 2 of formulas", FORMULA, None),
    Item("problem 3 of sums", "0 + 0 = ?", None),
    Item("problem 4 of lists", "Sort these numbers: 93, 4, 55, 6, 77, 80, 9, 10, 11, 12, 13", None),
]


def found(question, program=None, layers=LAYERS):
    match = Items(ITEMS, layers, Decontaminate()).match(question, program)
    return match and (match.item.split()[1], match.layer)


REWORDED = (
    "She consumes 3 for breakfast every morning and sells twenty-five percent of the remainder at "
    "the market for $2 per egg. Ann's ducks lay sixteen eggs per day. What does she make daily at "
    "the market?"
)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (PROBLEM, ("1", "normalised")),
        (PROBLEM.upper().replace(".", " !"), ("1", "normalised")),
        ("\n".join(PROBLEM.split()), ("1", "normalised")),
        (PROBLEM.replace("'", ""), ("1", "ngrams")),
        (PROBLEM.replace("three", "3").replace("%", " percent"), ("1", "ngrams")),
        (f"Tom has a dog. Now solve: {PROBLEM} Think step by step.", ("1", "ngrams")),
        (REWORDED, ("1", "near")),
        (PROBLEM.replace("16", "41").replace("three", "7").replace("25", "50"), ("1", "template")),
        (FORMULA, ("2", "normalised")),
        (r"Calculate it: Compute $\sin 60^\circ$. Give a decimal.", ("2", "ngrams")),
        (r"Compute $\sin 45^\circ$.", ("2", "template")),
        (r"Compute $\cos 20^\circ + \sin 60^\circ$ and the area of the figure.", None),
        ("Sort these numbers: 93, 4, 55, 6, 77, 80, 9, 10, 11, 12, 13. Why?", ("4", "ngrams")),
        ("Sort these numbers: 4, 3", ("4", "template")),
        ("7 + 9 = ?", None),
        ("Mia's hens lay 5 eggs. She sells three of them. How many eggs are left?", None),
        ("", None),
    ],
)
def test_the_first_layer_that_finds_a_row(question, expected):
    assert found(question) == expected


def test_a_row_is_found_by_its_program_under_other_names():
    renamed = PROGRAM.replace("eggs", "a").replace("eaten", "b").replace("left", "f")
    assert found("Given a is 16 and b is 3, find f.", f"# {PROBLEM}\n{renamed}") == ("1", "program")
    assert found("Find f.", renamed.replace("16", "17")) is None
    assert found("Find f.", renamed.replace("a - b", "b - a")) is None
    assert found("Find f.", "not a program (") is None


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_that_is_off_finds_nothing(layer):
    rows = {
        "normalised": PROBLEM, "ngrams": f"Solve: {PROBLEM}", "near": REWORDED,
        "template": PROBLEM.replace("16", "41"), "program": "Find f.",
    }  # fmt: skip
    assert found(rows[layer], PROGRAM, (layer,)) == ("1", layer)
    assert found(rows[layer], PROGRAM, ()) is None


def test_the_reason_names_the_item_the_layer_and_the_score():
    match = Items(ITEMS, LAYERS, Decontaminate()).match(REWORDED)
    assert match is not None
    assert 0.4 < match.score < 0.8
    assert match.reason == (
        f"{match.score:.2f} of the 3-grams without numbers of problem 1 of ducks (layer near)"
    )


def test_a_threshold_is_inclusive():
    row = "the cat sat on the mat while we all ate the big red cake in town and sang"
    items = [Item("x", " ".join([*row.split()[:-1], "slept"]), None)]  # 15 of 16 trigrams
    for share, hit in ((15 / 16, True), (15.5 / 16, False)):
        settings = Decontaminate(ngrams=share)
        assert bool(Items(items, ["ngrams"], settings).match(row)) is hit


def test_numbers_in_words():
    assert words("Twenty-five of two hundred, 20 five-dollar bills, 3 per cent, Ann's") == (
        "25", "of", "2", "hundred", "20", "5", "-", "dollar", "bills", "3", "%", "anns",
    )  # fmt: skip
    assert masked(words("The list [3, 4, 12] and two hundred")) == [
        "the", "list", "[", "0", "]", "and", "0",
    ]  # fmt: skip


def test_commands_of_layout_are_no_words():
    assert words(r"\left( \dfrac{1}{2} \right)") == words(r"(\dfrac{1}{2})")


def test_programs_under_other_names_and_with_other_steps():
    assert computation_id(PROGRAM) == computation_id(PROGRAM.replace("rest", "x"))
    assert computation_id(PROGRAM) != computation_id(PROGRAM.replace("16", "15"))
    called = PROGRAM.replace("**input", "eggs=input['eggs'], eaten=3")
    assert computation_id(called) == computation_id(called.replace("eggs", "hens"))
    assert computation_id("a = b = 1") != computation_id("a = 1\nb = 1")
    assert computation_id("x (") == computation_id(" x (")


def test_problems_of_gsm8k_in_other_words(shared_data):
    """In every tenth problem: in a longer text, and with other numbers; no training question."""
    lines = (shared_data / "bench" / "gsm8k.jsonl").read_text(encoding="utf-8").splitlines()
    problems = [json.loads(line)["question"] for line in lines[::10]]
    named = [Item(str(i), text, None) for i, text in enumerate(problems)]
    items = Items(named, LAYERS, Decontaminate())
    for i, text in enumerate(problems):
        for row, layers in (
            (f"Question: {text} Think step by step.", ["ngrams"]),
            ("".join("7" if char.isdigit() else char for char in text), LAYERS),
        ):
            match = items.match(row)
            assert match is not None
            assert match.item == str(i)
            assert match.layer in layers
    train = (shared_data / "seed" / "gsm8k_train.jsonl").read_text(encoding="utf-8").splitlines()
    assert not any(items.match(json.loads(line)["question"]) for line in train[::10])


def test_a_problem_with_few_numbers_is_near_at_a_larger_share():
    text = [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
    ]
    plain = [f"{chr(97 + i)}{word[:2]}" for i, word in enumerate(text)] + ["and", "so", "on"]
    half = [*plain[:9], *reversed(plain[9:])]  # 7 of 15 3-grams
    for numbers, expected in (("7 8", ("x", "near")), ("7 1", None), ("", None)):
        items = Items([Item("x", f"{' '.join(plain)} {numbers}", None)], ["near"], Decontaminate())
        match = items.match(f"{numbers} {' '.join(half)}")
        assert (match and (match.item, match.layer)) == expected


def test_a_short_problem_must_be_contained_completely():
    items = Items(
        [Item("x", "Find the area of the blue square", None)], ["ngrams"], Decontaminate()
    )
    assert items.match("Now find the area of the blue square again") is not None
    assert items.match("Now find the area of the blue squares again") is None


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8, 0.9, 1.0])
def test_the_index_finds_what_a_comparison_with_every_item_finds(share):
    rng = Random(share)
    vocabulary = [f"{a}{b}" for a in "bdfg" for b in "aeiou"]
    texts = [rng.choices(vocabulary, k=rng.randint(3, 40)) for _ in range(60)]
    settings = Decontaminate(ngrams=share, template=share, near=0.6 * share)
    named = [Item(str(i), " ".join(text), None) for i, text in enumerate(texts)]
    items, every = Items(named, LAYERS, settings), Items(named, LAYERS, settings)
    for i, item in enumerate(every._indexed):
        for gram in item.shapes | item.exact:
            every._index.setdefault(gram, []).append(i)
    rows = []
    for text in texts * 5:
        kept = [word if rng.random() < 0.9 else rng.choice(vocabulary) for word in text]
        rows.append(" ".join(kept[rng.randint(0, 3) :]))
    assert [items.match(row) for row in rows] == [every.match(row) for row in rows]
    assert any(items.match(row) for row in rows)
