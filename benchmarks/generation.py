"""Compares the engines of the sample stage with a bare `LLM.generate`; prints a Markdown table.

Every implementation runs once per round on the same prompts, in rotating order, so the noise of the
machine affects all of them equally; ratios are computed within a round. Engines are started before
the first round. All run in this process, so the CPU time is compared as well: other load on the
machine hardly affects it. See docs/benchmarks.md.
"""

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, redirect_stderr
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from figures import spread
from gpu import GpuUsage, gpu_names, sampled_gpus

from caco.config.engines import EngineConfig as Settings
from caco.config.engines import TransformersEngineConfig, VllmEngineConfig
from caco.config.generation import Sample, Sampling
from caco.engines.open import open_engine
from caco.engines.protocol import Completion, Engine, GeneratingModel, Request
from caco.engines.resumable import ResumableEngine
from caco.errors import UserError
from caco.identity import request_seed
from caco.models.manifest import read_manifest
from caco.models.tokenizer import end_tokens, load_tokenizer
from caco.rows.program import Program
from caco.rows.table import write_rows
from caco.runtime.gpus import assigned_gpus
from caco.runtime.job import run
from caco.runtime.journal import Journal
from caco.runtime.progress import Progress
from caco.stages.sample import sample_shard
from caco.text.chat import unconditional_prefix

_BARE = "bare `LLM.generate`"


@dataclass(slots=True)
class Implementation:
    """An implementation of sampling a shard, and its measurements.

    Attributes:
        name: Label in the table.
        sample: Samples the programs of a shard and returns their number of tokens.
        rates: Tokens per second, one value per round.
        cpu_rates: Tokens per second of CPU time, one value per round.
        tokens: Tokens of the last round.
        gpu_usage: GPU samples of all rounds.
    """

    name: str
    sample: Callable[[], int]
    rates: list[float] = field(default_factory=list)
    cpu_rates: list[float] = field(default_factory=list)
    tokens: int = 0
    gpu_usage: GpuUsage = field(default_factory=GpuUsage)

    def measure(self) -> None:
        """Samples the shard once and records the rate."""
        began, cpu_began = time.perf_counter(), time.process_time()
        with sampled_gpus(self.gpu_usage):
            self.tokens = self.sample()
        self.rates.append(self.tokens / (time.perf_counter() - began))
        self.cpu_rates.append(self.tokens / (time.process_time() - cpu_began))


class _Counted:
    """Counts the tokens of a running engine; the stage neither starts nor stops it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.tokens = 0

    def __enter__(self) -> "_Counted":
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        for completion in self._engine.generate(requests):
            self.tokens += completion.tokens
            yield completion


def _stage(engine: Engine, prefix: str, section: Sample, digest: str) -> Callable[[], int]:
    """Returns the sample stage as its script runs it: engine, journal, rows in a Parquet file."""

    def sample() -> int:
        counted = _Counted(engine)
        with (
            tempfile.TemporaryDirectory() as scratch,
            redirect_stderr(StringIO()),
            ResumableEngine(counted, Journal(Path(scratch) / "journal", {})) as journaled,
        ):
            model = GeneratingModel(journaled, lambda text: prefix, digest)
            rows = sample_shard(model, section, "00000")
            write_rows(Path(scratch) / "programs.parquet", Program, rows)
        return counted.tokens

    return sample


def _bare(folder: Path, prefix: str, section: Sample) -> Callable[[], int]:
    """Starts vLLM's `LLM` and returns one blocking call with the same requests."""
    from vllm import LLM, SamplingParams

    settings, sampling = section.engine, section.sampling
    assert isinstance(settings, VllmEngineConfig)
    llm = LLM(
        str(folder),
        dtype=settings.dtype,
        max_num_seqs=settings.batch,
        max_model_len=settings.context,
        tensor_parallel_size=settings.tensor_parallel,
        gpu_memory_utilization=settings.gpu_memory,
        kv_cache_memory_bytes=settings.cpu_cache_gib << 30 if _on_cpu() else None,
        enforce_eager=settings.eager,
    )
    declared = llm.llm_engine.model_config.try_get_generation_config().get("eos_token_id")
    ends = sorted(end_tokens(load_tokenizer(folder), declared))
    params = [
        SamplingParams(
            seed=request_seed(sampling.seed, "00000", index),
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            top_k=sampling.top_k,
            max_tokens=sampling.max_new_tokens,
            stop_token_ids=ends,
        )
        for index in range(section.programs_per_shard)
    ]

    def sample() -> int:
        outputs = llm.generate([prefix] * len(params), params, use_tqdm=False)
        return sum(len(output.outputs[0].token_ids) for output in outputs)

    return sample


def _on_cpu() -> bool:
    from vllm.platforms import current_platform

    return bool(current_platform.is_cpu())


def _warm(engine: Engine, prefix: str) -> None:
    list(engine.generate([Request("warm", prefix, 1, 1.0, 1.0, 0, 4)]))


def _table(implementations: list[Implementation]) -> str:
    bare = next(c for c in implementations if c.name == _BARE)
    lines = [
        "| implementation | tokens/s, median (min..max) | to bare | tokens/s of CPU time | to bare "
        "| tokens | GPUs |",
        "|---|---|---|---|---|---|---|",
    ]
    for c in implementations:
        cells = [c.name]
        for own, reference in ((c.rates, bare.rates), (c.cpu_rates, bare.cpu_rates)):
            ratios = [m / t for m, t in zip(own, reference, strict=True)]
            cells += [spread(own, ",.0f"), spread(ratios, ".2f")]
        lines.append(f"| {' | '.join(cells)} | {c.tokens:,} | {c.gpu_usage} |")
    return "\n".join(lines)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="manifest of a checkpoint")
    parser.add_argument("--programs", type=int, default=96, help="programs per round")
    parser.add_argument("--tokens", type=int, default=64, help="maximum tokens of a program")
    parser.add_argument("--batch", type=int, default=64, help="concurrent requests")
    parser.add_argument("--context", type=int, default=2048, help="context length of vLLM")
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument(
        "--gpu-memory", type=float, default=0.4, help="share of the GPU memory for each vLLM engine"
    )
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds")
    args = parser.parse_args()
    if len(assigned_gpus()) > 1:
        raise UserError(
            "the stage uses every GPU, but the bare engine only one; set CUDA_VISIBLE_DEVICES=0"
        )
    model = read_manifest(args.model)
    prefix = unconditional_prefix(load_tokenizer(model.folder))
    engines: dict[str, Settings] = {
        "sample stage, vLLM": VllmEngineConfig(
            kind="vllm",
            dtype=args.dtype,
            batch=args.batch,
            context=args.context,
            gpu_memory=args.gpu_memory,
            eager=_on_cpu(),  # compilation for a CPU takes longer than a round
        ),
        "sample stage, transformers": TransformersEngineConfig(dtype=args.dtype, batch=args.batch),
    }
    sampling = Sampling(temperature=0.9, max_new_tokens=args.tokens, seed=4)
    print(
        f"{', '.join(gpu_names()) or platform.machine() + ', no GPU'}; {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.2f} at the start\n",
        flush=True,
    )
    with ExitStack() as stack:
        implementations = []
        for name, settings in engines.items():
            section = Sample(programs_per_shard=args.programs, engine=settings, sampling=sampling)
            engine = stack.enter_context(open_engine(model.folder, settings))
            _warm(engine, prefix)
            implementations.append(
                Implementation(name, _stage(engine, prefix, section, model.digest))
            )
            if isinstance(settings, VllmEngineConfig):
                implementations.append(Implementation(_BARE, _bare(model.folder, prefix, section)))
        progress = Progress("benchmark", args.rounds * len(implementations), "measurements")
        for number in range(args.rounds):
            offset = number % len(implementations)
            for implementation in [*implementations[offset:], *implementations[:offset]]:
                implementation.measure()
                progress.add()
    print(_table(implementations), flush=True)


if __name__ == "__main__":
    run(main)
