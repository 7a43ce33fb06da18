"""One generation job over the steady engine: the real script's own code, from flags to record.

`python stage.py STAGE FOLDER ROWS WINDOW [DIES_AFTER]` runs it once and prints its peak memory.
"""

import importlib.util
import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.faults.generation.steady_engine import SteadyEngine
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
_SPEC: dict[str, dict[str, Any]] = {"llm_judge": {"model": "m"}}  # beside the sampling
# Input flag, and output flags, of each stage's script.
_FILES: dict[str, tuple[str | None, list[str]]] = {
    "sample": (None, ["programs"]),
    "question": ("verified", ["questions", "rejected"]),
    "solution": ("questions", ["solutions", "rejected"]),
    "llm_judge": ("judged", ["llm_judged", "rejected"]),
}
# What it reads, and how a row of that is made.
_READS: dict[str, tuple[type[Any], Callable[..., Any]]] = {
    "question": (Verified, verified),
    "solution": (Question, question),
    "llm_judge": (Solution, solution),
}
_QUESTION = {"question": "What is this number plus one? " * 10}
STAGES = tuple(_FILES)


class _Template:
    """A tokenizer as far as the unconditional prompt needs one, without loading transformers."""

    @staticmethod
    def apply_chat_template(turns: list[dict[str, str]], tokenize: bool) -> str:
        return f"<|im_start|>user\n{turns[0]['content']}<|im_end|>"


def prepare(stage: str, folder: Path, rows: int) -> None:
    """Makes what a job of `stage` reads."""
    fetch_model(ServedModel(kind="served", name="m", revision="1"), "m", folder / "manifest.json")
    if stage in _READS:
        row_type, make = _READS[stage]
        words = {} if row_type is Verified else _QUESTION
        file = folder / f"{_FILES[stage][0]}.parquet"
        write_rows(file, row_type, (make(i, **words, **_given(i)) for i in range(rows)))


def outputs(stage: str, out: Path) -> list[Path]:
    """Returns the files that a finished job of `stage` leaves in `out`, but for its record."""
    return [out / f"{name}.parquet" for name in _FILES[stage][1]]


def run(stage: str, folder: Path, out: Path, rows: int, engine: SteadyEngine) -> None:
    """Runs the job in this process."""
    given, written = _FILES[stage]
    spec: dict[str, Any] = {"sampling": _SAMPLING, **_SPEC.get(stage, {})}
    flags = ["--model", str(folder / "manifest.json")]
    if given is None:
        spec["programs_per_shard"] = rows
        flags += ["--shard", "00000"]
    else:
        flags += [f"--{given}", str(folder / f"{given}.parquet")]
    for name in written:
        flags += [f"--{name}", str(out / f"{name}.parquet")]
    script = _script(stage)
    if stage == "sample":
        script.load_tokenizer = lambda folder: _Template()
    opening.open_engine = lambda folder, section: engine
    sys.argv = [
        stage, *flags, "--spec", json.dumps(spec), "--code", "c", "--identity", "00000",
        "--provenance", str(out / "record.json"),
    ]  # fmt: skip
    script.main()


def _script(stage: str) -> Any:
    path = ROOT / "scripts" / f"{stage}.py"
    found = importlib.util.spec_from_file_location(stage, path)
    assert found and found.loader
    module: ModuleType = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def _given(i: int) -> dict[str, str]:
    """Returns what makes row i another than its neighbours, at a real program's length."""
    program = f"input = {{'a': {i}}}\n" + "total = input['a'] + 1  # a step of reasoning\n" * 20
    return {
        "program": f"{program}output = total",
        "input": f'{{"a":{i}}}',
        "output": str(i + 1),
    }


if __name__ == "__main__":
    stage, folder, rows, window, *dies_after = sys.argv[1:]
    engine = SteadyEngine(int(window), 0.0, int(dies_after[0]) if dies_after else None)
    try:
        run(stage, Path(folder), Path(folder) / "out", int(rows), engine)
    except MemoryError:
        if not dies_after:
            raise
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
