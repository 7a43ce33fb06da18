"""Programs in replies."""

import pytest

from caco.text.program_reply import program_in


@pytest.mark.parametrize(
    ("reply", "program"),
    [
        ("```python\nx = 1\n```", "x = 1\n"),
        ("First\n```python\nx = 1\n```\nbetter\n```python\nx = 2\n```\n", "x = 2\n"),
        ("```python\nx = 1\n```\nIt prints\n```\n1\n```", "x = 1\n"),
        ("```\nx = 1\n```", "x = 1\n"),
        ("```py\nx = 1\n", "x = 1\n"),  # a fence that is never closed
        ("x = 1", "x = 1\n"),
        ("```json\n{}\n```", ""),
        ("```python\n```", ""),
        ("  \n", ""),
        (
            "```python\nx = '''\n  ``` `'''\n```",
            "x = '''\n",
        ),  # a fence in a string still closes the block
        ("```Python3 title\nx = 1\n```", "x = 1\n"),
    ],
)
def test_the_program_is_extracted_from_its_fence(reply: str, program: str) -> None:
    assert program_in(reply) == program
