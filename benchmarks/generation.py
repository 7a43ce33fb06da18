"""Compares the sample stage on vLLM with bare vLLM at its own best; prints a Markdown table.

Three implementations complete the same unconditional prompts, each in processes of its own:

- the sample stage as its script runs it: its engine with a seed a request, journal, tokens that are
  kept, rows in order in a Parquet file;
- the same with the engine in a replica process, as in a job with several GPUs;
- bare `LLM.generate` as vLLM is fastest: no seeds, no text, the engine core in a process of its
  own, and vLLM's own choice of every setting that is not given with `--bare`.

Completions have the lengths of real rows (`--rows`: Code CoTs or sampled programs), since rows of
one length do not show what a shard does: end tokens are ignored, each request ends at its length.
Without rows, all have `--tokens`. The implementations run once per round, in turns, and ratios are
computed within a round. CPU time includes that of child processes. See docs/benchmarks.md.
"""

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, redirect_stderr
from dataclasses import dataclass, field, replace
from functools import partial
from io import StringIO
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import fmean, median
from typing import Any

from figures import spread
from gpu import GpuUsage, sampled_gpus
from own_process import OwnProcess
from repetition import repetition

from caco.config.engines import VllmEngineConfig
from caco.config.generation import Sample, Sampling
from caco.engines.data_parallel import Build, DataParallel
from caco.engines.protocol import Completion, Engine, GeneratingModel, Request
from caco.engines.resumable import ResumableEngine
from caco.engines.vllm_engine import VllmEngine
from caco.errors import UserError
from caco.models.manifest import read_manifest
from caco.models.tokenizer import completion_encoding, load_tokenizer
from caco.rows.program import Program
from caco.rows.table import column_names, read_columns, write_rows
from caco.runtime.gpus import assigned_gpus, gpu_groups
from caco.runtime.job import run
from caco.runtime.journal import Journal
from caco.runtime.progress import Progress
from caco.stages.sample import sample_shard
from caco.text.chat import unconditional_prefix

_STAGE, _REPLICA, _BARE = "sample stage", "sample stage, replica process", "bare `LLM.generate`"
_WARM = 64  # requests before the first round


@dataclass(frozen=True, slots=True)
class Task:
    """What the implementations do.

    Attributes:
        folder: The checkpoint.
        digest: Its digest.
        lengths: Tokens of each completion.
        sampling: Temperature, and the seed from which those of the stage's requests are derived.
        stage: The stage's engine.
        bare: Arguments of vLLM's `LLM` that are not left to it.
    """

    folder: Path
    digest: str
    lengths: list[int]
    sampling: Sampling
    stage: VllmEngineConfig
    bare: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One round.

    Attributes:
        tokens: Tokens that were generated.
        wall_s: Seconds.
        cpu_s: Seconds of CPU time, of child processes too.
    """

    tokens: int
    wall_s: float
    cpu_s: float


class _OfLengths(VllmEngine):
    """The stage's engine; every completion has the length of its request."""

    def __init__(self, folder: Path, section: VllmEngineConfig, lengths: list[int]) -> None:
        super().__init__(folder, section)
        self._lengths = lengths

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        yield from super().generate(
            replace(request, max_new_tokens=self._lengths[int(request.request_id)])
            for request in requests
        )

    def _sampling(self, request: Request, limit: int) -> Any:
        params = super()._sampling(request, limit)
        params.ignore_eos, params.stop_token_ids = True, []
        return params


class _Counted:
    """An engine that stays open for the next round, and counts its tokens."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.tokens = 0

    def __enter__(self) -> "_Counted":
        return self

    def __exit__(self, *exc: object) -> None:
        """Leaves vLLM running."""

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        for completion in self._engine.generate(requests):
            self.tokens += completion.tokens
            yield completion


def _stage(task: Task, in_replica: bool) -> Callable[[int], int]:
    """Starts the stage's engine; returns the stage on a number of programs."""
    build: Build[VllmEngineConfig] = partial(_OfLengths, lengths=task.lengths)
    inner = build(task.folder, task.stage)
    if in_replica:
        devices = gpu_groups(1) or [""]  # none on a CPU
        inner = DataParallel[VllmEngineConfig](task.folder, task.stage, build, devices)
    engine = _Counted(inner)
    prefix = unconditional_prefix(load_tokenizer(task.folder))

    def sample(programs: int) -> int:
        section = Sample(programs_per_shard=programs, engine=task.stage, sampling=task.sampling)
        engine.tokens = 0
        with (
            tempfile.TemporaryDirectory() as scratch,
            redirect_stderr(StringIO()),
            ResumableEngine(engine, Journal(Path(scratch) / "journal", {})) as journaled,
        ):
            encode = completion_encoding(task.folder)
            model = GeneratingModel(journaled, lambda text: prefix, task.digest, encode=encode)
            rows = sample_shard(model, section, "00000")
            write_rows(Path(scratch) / "programs.parquet", Program, rows)
        return engine.tokens

    return sample


def _bare(task: Task) -> Callable[[int], int]:
    """Starts vLLM's `LLM`; returns one blocking call for a number of programs."""
    os.environ |= {"VLLM_LOGGING_LEVEL": "ERROR", "VLLM_NO_USAGE_STATS": "1"}
    from vllm import LLM, SamplingParams

    llm = LLM(str(task.folder), **task.bare)
    prefix = unconditional_prefix(load_tokenizer(task.folder))
    ids = load_tokenizer(task.folder)(prefix, add_special_tokens=False)["input_ids"]
    shared = {
        "temperature": task.sampling.temperature,
        "top_p": task.sampling.top_p,
        "top_k": task.sampling.top_k,
        "ignore_eos": True,
        "detokenize": False,
    }
    params = [SamplingParams(max_tokens=length, **shared) for length in task.lengths]

    def sample(programs: int) -> int:
        prompts = [{"prompt_token_ids": ids} for _ in range(programs)]
        outputs = llm.generate(prompts, params[:programs], use_tqdm=False)
        return sum(len(output.outputs[0].token_ids) for output in outputs)

    return sample


def _serve(connection: Connection, name: str, task: Task) -> None:
    """Measures rounds in a process of its own, one for each number of programs that it receives."""
    began = time.perf_counter()
    sample = _bare(task) if name == _BARE else _stage(task, in_replica=name == _REPLICA)
    sample(min(_WARM, len(task.lengths)))
    connection.send(time.perf_counter() - began)
    while (programs := connection.recv()) is not None:
        began, cpu_began = time.perf_counter(), _cpu_s()
        tokens = sample(programs)
        connection.send(Measurement(tokens, time.perf_counter() - began, _cpu_s() - cpu_began))


def _cpu_s() -> float:
    """Returns the CPU time of this process and its descendants in seconds."""
    import psutil  # type: ignore[import-untyped]

    own = psutil.Process()
    times = [process.cpu_times() for process in (own, *own.children(recursive=True))]
    return float(sum(time.user + time.system for time in times))


@dataclass(slots=True)
class Implementation:
    """An implementation in its process, and its measurements.

    Attributes:
        name: Label in the table.
        process: Its process.
        rounds: One measurement per round.
        gpu_usage: GPU samples of all rounds.
    """

    name: str
    process: OwnProcess
    rounds: list[Measurement] = field(default_factory=list)
    gpu_usage: GpuUsage = field(default_factory=GpuUsage)

    @property
    def start_s(self) -> float:
        """Seconds until it had loaded the model and completed the first requests."""
        return float(self.process.ready)

    def measure(self, programs: int) -> None:
        """Samples programs once."""
        with sampled_gpus(self.gpu_usage):
            self.rounds.append(self.process.ask(programs))

    @property
    def rates(self) -> list[float]:
        """Tokens per second, one value per round."""
        return [one.tokens / one.wall_s for one in self.rounds]

    @property
    def cpu_rates(self) -> list[float]:
        """Tokens per second of CPU time, one value per round."""
        return [one.tokens / one.cpu_s for one in self.rounds]


def _lengths(files: list[Path], folder: Path, programs: int) -> list[int]:
    """Returns the tokens of random real rows with their end token; again all of them if too few.

    Raises:
        UserError: A file has neither `tokens` (sampled programs) nor `program` (Code CoTs).
    """
    found: list[int] = []
    for file in files:
        names = column_names(file)
        if "tokens" in names:
            counts = read_columns(file, ("tokens",))["tokens"].to_pylist()
            found += [int(count) for count in counts if count is not None]
        elif "program" in names:
            texts = read_columns(file, ("program",))["program"].to_pylist()
            ids = load_tokenizer(folder)(texts, add_special_tokens=False)["input_ids"]
            found += [len(one) + 1 for one in ids]
        else:
            raise UserError(f"{file}: has no column `tokens` or `program`; pass Code CoTs")
    if not found:
        raise UserError("the files of --rows have no row; pass others")
    random.Random(4).shuffle(found)
    return [found[i % len(found)] for i in range(programs)]


def _table(implementations: list[Implementation]) -> str:
    bare = next(c for c in implementations if c.name == _BARE)
    lines = [
        "| implementation | tokens/s, median (min..max) | to bare | tokens/s of CPU time | to bare "
        "| tokens | start (s) | GPUs |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for c in implementations:
        cells = [c.name]
        for own, reference in ((c.rates, bare.rates), (c.cpu_rates, bare.cpu_rates)):
            ratios = [m / t for m, t in zip(own, reference, strict=True)]
            cells += [spread(own, ",.0f"), spread(ratios, ".2f")]
        cells += [f"{c.rounds[-1].tokens:,}", f"{c.start_s:.0f}", str(c.gpu_usage)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _on_cpu() -> bool:
    from vllm.platforms import current_platform

    return bool(current_platform.is_cpu())


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="manifest of a checkpoint")
    parser.add_argument(
        "--rows", type=Path, nargs="+", default=[], help="Parquet files of Code CoTs or programs"
    )
    parser.add_argument("--programs", type=int, default=96, help="programs per round")
    parser.add_argument("--tokens", type=int, default=64, help="tokens of each, without --rows")
    parser.add_argument("--batch", type=int, default=64, help="concurrent requests of the stage")
    parser.add_argument("--context", type=int, default=2048, help="context length of vLLM")
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument(
        "--gpu-memory", type=float, default=0.3, help="share of the GPU memory for each engine"
    )
    parser.add_argument(
        "--bare", type=json.loads, default={}, metavar="JSON",
        help="further arguments of vLLM's `LLM`, such as '{\"max_num_seqs\": 1024}'",
    )  # fmt: skip
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds")
    args = parser.parse_args()
    if len(assigned_gpus()) > 1:
        raise UserError(
            "the stage uses every GPU, but the bare engine only one; set CUDA_VISIBLE_DEVICES=0"
        )
    model = read_manifest(args.model)
    lengths = [args.tokens] * args.programs
    if args.rows:
        lengths = _lengths(args.rows, model.folder, args.programs)
    on_cpu = _on_cpu()
    stage = VllmEngineConfig(
        kind="vllm",
        dtype=args.dtype,
        batch=args.batch,
        context=args.context,
        gpu_memory=args.gpu_memory,
        eager=on_cpu,  # compilation for a CPU takes longer than a round
    )
    bare = {
        "dtype": args.dtype,
        "max_model_len": args.context,
        "gpu_memory_utilization": args.gpu_memory,
        "enforce_eager": on_cpu,
        **({"kv_cache_memory_bytes": stage.cpu_cache_gib << 30} if on_cpu else {}),
        **args.bare,
    }
    sampling = Sampling(temperature=0.9, max_new_tokens=max(lengths), seed=4)
    task = Task(model.folder, model.digest, lengths, sampling, stage, bare)
    facts = {
        "model": f"{model.folder}, digest {model.digest}",
        "tokens of a completion": f"mean {fmean(lengths):,.1f}, median {median(lengths):,g}, "
        f"{min(lengths):,} to {max(lengths):,}; {len(lengths):,} completions a round",
        "sampling": json.dumps(sampling.model_dump()),
        "engine of the stage": json.dumps(stage.model_dump()),
        "arguments of `LLM`": json.dumps(bare),
    }
    print(repetition(args.rows, facts), flush=True)
    with ExitStack() as stack:
        implementations = [
            Implementation(name, stack.enter_context(OwnProcess(name, _serve, name, task)))
            for name in (_STAGE, _REPLICA, _BARE)
        ]
        progress = Progress("benchmark", args.rounds * len(implementations), "measurements")
        for number in range(args.rounds):
            for implementation in implementations[:: -1 if number % 2 else 1]:
                implementation.measure(len(lengths))
                progress.add()
        print(_table(implementations), flush=True)


if __name__ == "__main__":
    run(main)
