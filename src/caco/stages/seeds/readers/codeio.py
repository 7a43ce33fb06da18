"""CodeI/O: real algorithmic programs with input generators, inside reasoning-gym's package.

Nothing of theirs is executed here: the programs are foreign, and only the sandbox runs them. So
such a seed has neither concrete inputs nor an answer yet. The stage unify draws the inputs with the
row's own generator in the sandbox; the answer is what the reference program returns for them in
that first run, and the finished Code CoT, run for itself, must give it again.
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

# The second file is a choice among the first (2,508 of its 2,750 tasks) and adds 242.
_FILES = ("codeio.jsonl.gz", "codeio-hq.jsonl.gz")


def read(reader: CodeIO, source: str) -> Iterator[Seed]:
    """Draws tasks; a seed's program is `main_solution` followed by `generate_inputs`.

    Raises:
        UserError: There are fewer tasks than the config asks for.
    """
    tasks = [
        t for t in _tasks() if reader.max_chars is None or len(_program(t)) <= reader.max_chars
    ]
    if reader.rows > len(tasks):
        raise UserError(
            f"`sources.{source}.seeds.rows` is {reader.rows}, but CodeI/O has {len(tasks)} such "
            "programs: lower it"
        )
    for at in Random(reader.seed).sample(range(len(tasks)), reader.rows):
        task = tasks[at]
        yield make_seed(
            source, task["task_description"], "", program=_program(task), domain="algorithm"
        )


def _program(task: dict[str, Any]) -> str:
    return f"{task['code_sample'].strip()}\n\n\n{task['input_generator'].strip()}\n"


def _tasks() -> list[dict[str, Any]]:
    """Returns the distinct tasks of both files, in their order."""
    found: dict[str, dict[str, Any]] = {}
    for name in _FILES:
        raw = files("reasoning_gym").joinpath("data", name).read_bytes()
        for task in parse_tasks(gzip.decompress(raw).decode("utf-8")):
            found.setdefault(same_problem(task["task_description"]), task)
    return list(found.values())


def parse_tasks(text: str) -> list[dict[str, Any]]:
    """Returns the rows of a file: JSON lines, or one JSON array (what `codeio-hq` is)."""
    if text.lstrip().startswith("["):
        rows: list[dict[str, Any]] = json.loads(text)
        return rows
    return [json.loads(line) for line in text.splitlines() if line.strip()]
