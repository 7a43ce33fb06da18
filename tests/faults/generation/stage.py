"""A generation job with the simulated engine: the code of the real script, from flags to record.

`python stage.py STAGE FOLDER ROWS WINDOW [FAILS_AFTER]` runs it once and prints its peak memory.
"""

import importlib.util
import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.faults.generation.simulated_engine import SimulatedEngine
from tests.stages.reverse.reverse_rows import question, solution, verified

from caco.config.models import ServedModel
from caco.engines import open as opening
from caco.models.fetch import fetch_model
from caco.rows.question import Question
from caco.rows.solution import Solution
from caco.rows.table import write_rows
from caco.rows.verified import Verified

ROOT = Path(__file__).resolve().parents[3]
_SAMPLING = {"temperature": 0.7, "max_new_tokens": 64, "seed": 5}
# In addition to the sampling.
_SPEC: dict[str, dict[str, Any]] = {"llm_judge": {"model": "m"}, "redraft": {"programs": 1}}
# Input flag and output flags of each stage's script.
_FILES: dict[str, tuple[str | None, list[str]]] = {
    "sample": (None, ["programs"]),
    "question": ("verified", ["questions", "rejected", "replies"]),
    "redraft": ("questions", ["redrafts"]),
    "solution": ("questions", ["solutions", "rejected", "replies"]),
    "llm_judge": ("judged", ["llm_judged", "rejected", "replies"]),
}
# Row type of the input, and the function that makes a row.
_READS: dict[str, tuple[type[Any], Callable[..., Any]]] = {
    "question": (Verified, verified),
    "redraft": (Question, question),
    "solution": (Question, question),
    "llm_judge": (Solution, solution),
}
_QUESTION = {"question": "What is this number plus one? " * 10}
STAGES = tuple(_FILES)


def prepare(stage: str, folder: Path, rows: int) -> None:
    """Writes the inputs of a job of `stage`."""
    fetch_model(ServedModel(kind="served", name="m", revision="1"), "m", folder / "manifest.json")
    if stage in _READS:
        row_type, make = _READS[stage]
        texts = {} if row_type is Verified else _QUESTION
        file = folder / f"{_FILES[stage][0]}.parquet"
        write_rows(file, row_type, (make(i, **texts, **_row_values(i)) for i in range(rows)))


def outputs(stage: str, out: Path) -> list[Path]:
    """Returns the outputs of a finished job of `stage`, without its provenance record."""
    return [out / f"{name}.parquet" for name in _FILES[stage][1]]


def run(stage: str, folder: Path, out: Path, rows: int, engine: SimulatedEngine) -> None:
    """Runs the job in this process."""
    input_name, output_names = _FILES[stage]
    spec: dict[str, Any] = {"sampling": _SAMPLING, **_SPEC.get(stage, {})}
    flags = ["--model", str(folder / "manifest.json")]
    if input_name is None:
        spec["programs_per_shard"] = rows
        flags += ["--shard", "00000"]
    else:
        flags += [f"--{input_name}", str(folder / f"{input_name}.parquet")]
    for name in output_names:
        flags += [f"--{name.replace('_', '-')}", str(out / f"{name}.parquet")]
    script = _script(stage)
    opening.open_engine = lambda folder, section: engine
    sys.argv = [
        stage, *flags, "--spec", json.dumps(spec), "--code", "c", "--identity", "00000",
        "--provenance", str(out / "record.json"),
    ]  # fmt: skip
    script.main()


def _script(stage: str) -> Any:
    path = ROOT / "scripts" / f"{stage}.py"
    spec = importlib.util.spec_from_file_location(stage, path)
    assert spec and spec.loader
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _row_values(i: int) -> dict[str, str]:
    """Returns the values that are unique to row i, with a program of realistic length."""
    program = f"input = {{'a': {i}}}\n" + "total = input['a'] + 1  # a step of reasoning\n" * 20
    return {
        "program": f"{program}output = total",
        "input": f'{{"a":{i}}}',
        "output": str(i + 1),
    }


if __name__ == "__main__":
    stage, folder, rows, window, *fails_after = sys.argv[1:]
    engine = SimulatedEngine(int(window), 0.0, int(fails_after[0]) if fails_after else None)
    try:
        run(stage, Path(folder), Path(folder) / "out", int(rows), engine)
    except MemoryError:
        if not fails_after:
            raise
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
