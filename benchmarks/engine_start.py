"""Measures the starts of vLLM with an empty cache of compiled code, and then with a full one.

Each start is a process of its own, from its beginning until it has completed some prompts; all
completions must be equal. The cache is a temporary folder, as jobs share one
(`caco.runtime.engine_start`). Prints a Markdown table. See docs/benchmarks.md.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

from own_process import OwnProcess
from repetition import repetition

from caco.config.engines import VllmEngineConfig
from caco.engines.open import open_engine
from caco.engines.protocol import Request
from caco.models.manifest import read_manifest
from caco.runtime.job import run

_PROMPTS = ["Two and two", "input = {", "The answer", "def solve("]


def _complete(connection: Connection, folder: Path, section: VllmEngineConfig, cache: str) -> None:
    """Starts vLLM and sends the completions of the prompts."""
    os.environ["VLLM_CACHE_ROOT"] = cache
    requests = [
        Request(str(i), prompt, seed=i, temperature=0.0, top_p=1.0, top_k=0, max_new_tokens=16,
                stop=())
        for i, prompt in enumerate(_PROMPTS)
    ]  # fmt: skip
    with open_engine(folder, section) as engine:
        connection.send(sorted((c.request_id, c.text) for c in engine.generate(requests)))


def _start(folder: Path, section: VllmEngineConfig, cache: str) -> tuple[float, object]:
    """Returns the seconds of a start, and the completions."""
    began = time.monotonic()
    with OwnProcess("vLLM", _complete, folder, section, cache) as process:
        return time.monotonic() - began, process.ready


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="manifest of a checkpoint")
    parser.add_argument("--engine", type=json.loads, default={}, help="settings, as JSON")
    parser.add_argument("--starts", type=int, default=3, help="starts after one another")
    parser.add_argument(
        "--together", type=int, default=0, help="starts side by side, with another empty cache"
    )
    args = parser.parse_args()
    manifest = read_manifest(args.model)
    section = VllmEngineConfig(kind="vllm", **args.engine)
    print(repetition([], {"model": manifest.folder, "engine": section.model_dump_json()}))
    print("| cache | start (s) | files | MB |\n|---|---|---|---|")
    texts: list[object] = []
    for starts in ([1] * args.starts, [args.together, 1] if args.together else []):
        with tempfile.TemporaryDirectory() as cache, ThreadPoolExecutor() as threads:
            for number, together in enumerate(starts):
                found = threads.map(
                    lambda _, at=cache: _start(manifest.folder, section, at), range(together)
                )
                seconds, drawn = zip(*found, strict=True)
                texts += drawn
                sizes = [file.stat().st_size for file in Path(cache).rglob("*") if file.is_file()]
                label = "of earlier starts" if number else f"empty, {together} at a time"
                times = ", ".join(f"{one:.1f}" for one in seconds)
                print(
                    f"| {label} | {times} | {len(sizes):,} | {sum(sizes) / 1e6:,.1f} |", flush=True
                )
    if any(drawn != texts[0] for drawn in texts):
        sys.exit("the completions differ between starts")


if __name__ == "__main__":
    run(main)
