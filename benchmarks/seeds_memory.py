"""Peak memory and time of the script `seeds.py` on synthetic tables of two sizes.

    .venvs/workflow/bin/python benchmarks/seeds_memory.py [--rows N ...]

Each row has about 500 bytes; one in ten has the problem of an earlier row. 1,000 are held out.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_FIELDS = {"problem": "q", "answer": "a", "solution": "s"}


def main() -> None:
    """Prints a line for each size and format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[3_500, 350_000])
    args = parser.parse_args()
    print("| rows | format | peak memory, MiB | s |\n|---|---|---|---|")
    for rows in args.rows:
        for form in ("lines", "array"):
            with tempfile.TemporaryDirectory() as folder:
                peak, seconds = _measure(Path(folder), rows, form)
            print(f"| {rows:,} | {form} | {peak:.0f} | {seconds:.1f} |")


def _measure(folder: Path, rows: int, form: str) -> tuple[float, float]:
    """Returns the peak memory of the script in MiB, and its seconds."""
    path = folder / "rows.json"
    with path.open("w", encoding="utf-8") as file:
        for n in range(rows):
            number = n if n % 10 else n // 2
            row = {"q": f"What is {number} + 1? {'x' * 200}", "a": str(number), "s": "y" * 200}
            mark = "" if form == "lines" else "[" if n == 0 else ","
            file.write(f"{mark}{json.dumps(row)}\n")
        file.write("" if form == "lines" else "]")
    spec = {"reader": "table", "path": str(path), "licence": "MIT", "fields": _FIELDS}
    outputs = {
        "seeds": "s.parquet", "held-out": "h.parquet", "rejected": "r.parquet",
        "provenance": "p.json",
    }  # fmt: skip
    command = [sys.executable, str(_ROOT / "scripts" / "seeds.py"), "--source", "synthetic",
               "--spec", json.dumps(spec | {"held_out": 1000})]  # fmt: skip
    for option, name in outputs.items():
        command += [f"--{option}", str(folder / name)]
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: failed")
    return usage.ru_maxrss / 1024, time.monotonic() - start


if __name__ == "__main__":
    main()
