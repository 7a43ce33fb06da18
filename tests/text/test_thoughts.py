"""The thoughts of a model are no part of its reply."""

import pytest

from caco.text.thoughts import without_thoughts

_REPLIES = [
    ("What is 3 times 4?", "What is 3 times 4?"),
    ("<think>\nThe sum, or 7?\n</think>\n\nWhat is 3 times 4?\n", "What is 3 times 4?"),
    ("<thinking>Hm.</thinking> What is 3 times 4?", "What is 3 times 4?"),
    ("<THINK>Hm.</Think > What is 3 times 4?", "What is 3 times 4?"),
    ("<thought>Hm.</thought>What?", "What?"),
    ("[THINK]Hm.[/THINK]What?", "What?"),
    # Qwen3 with thinking disabled, where the model writes the empty block itself.
    ("<think>\n\n</think>\n\nWhat?", "What?"),
    # The template opened the block in the prompt.
    ("The sum, or 7?\n</think>\n\nWhat?", "What?"),
    ("One.</think>Two.<think>Three.</think>What?", "Two.What?"),
    ("I put it in <think>a</think> tags.</think>What?", "What?"),
    # Not closed.
    ("<think>\nThe answer is 7, or", ""),
    ("What?<think>Is that solvable", "What?"),
    ("The sum.</think><think>Or 7", ""),
    # Several blocks, tags within a block.
    ("<think>a</think>First. <think>b</think>Second.", "First. Second."),
    ("<think>Not in <think> tags.</think>What?", "What?"),
    ("<think>a<think>b</think>c</think>What?", "What?"),
    ("<think>a</thinking>What?", "What?"),
    # Only thoughts.
    ("<think>a</think>\n", ""),
    ("a</think>", ""),
    # No tags.
    ("I think that 3 < 4 and 5 > 2.", "I think that 3 < 4 and 5 > 2."),
    ("If a<b and c>d, think twice.", "If a<b and c>d, think twice."),
]


@pytest.mark.parametrize(("reply", "expected"), _REPLIES)
def test_thoughts_are_left_out(reply, expected):
    assert without_thoughts(reply) == expected


def test_many_tags_take_linear_time():
    assert without_thoughts("<think>" * 100_000) == ""
    assert without_thoughts("</think>" * 100_000 + "What?") == "What?"
    assert without_thoughts("<think" + " " * 100_000 + "a").endswith("a")
