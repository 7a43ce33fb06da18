"""CodeI/O: algorithmic programs with input generators, which are part of the package reasoning-gym.

The programs are untrusted, and only the sandbox executes them. A seed therefore has neither
concrete inputs nor an answer. The stage unify runs the row's generator and the reference program in
the sandbox, which gives the inputs and the answer. A second run of the Code CoT must reproduce the
answer.
"""

import gzip
import json
from collections.abc import Iterator
from importlib.resources import files
from random import Random
from typing import Any

from caco.config.sources import CodeIO
from caco.errors import UserError
from caco.rows.seed import Seed
from caco.stages.seeds.normalise import make_seed, same_problem

# 2,508 of the 2,750 tasks of the second file are also in the first.
_FILES = ("codeio.jsonl.gz", "codeio-hq.jsonl.gz")


def read(reader: CodeIO, source: str) -> Iterator[Seed]:
    """Samples tasks; a seed's program is `main_solution` followed by `generate_inputs`.

    Raises:
        UserError: There are fewer tasks than `rows`.
    """
    tasks = [
        t for t in _tasks() if reader.max_chars is None or len(_program(t)) <= reader.max_chars
    ]
    if reader.rows > len(tasks):
        raise UserError(
            f"`sources.{source}.seeds.rows` is {reader.rows}, but CodeI/O has only {len(tasks)} "
            "programs within `max_chars`; lower it"
        )
    for index in Random(reader.seed).sample(range(len(tasks)), reader.rows):
        task = tasks[index]
        yield make_seed(
            source, task["task_description"], "", program=_program(task), domain="algorithm"
        )


def _program(task: dict[str, Any]) -> str:
    return f"{task['code_sample'].strip()}\n\n\n{task['input_generator'].strip()}\n"


def _tasks() -> list[dict[str, Any]]:
    """Returns the distinct tasks of both files, in the order of the files."""
    tasks: dict[str, dict[str, Any]] = {}
    for name in _FILES:
        raw = files("reasoning_gym").joinpath("data", name).read_bytes()
        for task in parse_tasks(gzip.decompress(raw).decode("utf-8")):
            tasks.setdefault(same_problem(task["task_description"]), task)
    return list(tasks.values())


def parse_tasks(text: str) -> list[dict[str, Any]]:
    """Returns the tasks of a file: JSON lines, or one JSON array (as `codeio-hq` is)."""
    if text.lstrip().startswith("["):
        rows: list[dict[str, Any]] = json.loads(text)
        return rows
    return [json.loads(line) for line in text.splitlines() if line.strip()]
