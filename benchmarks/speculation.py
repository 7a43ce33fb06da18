"""What n-gram speculation and prefix caching save on the requests of a finished job.

Of the drawn tokens of a record it counts the steps that the model would have taken: vLLM accepts a
proposed token with the probability that the model gives it, as often as the model draws it, so a
proposal counts as accepted if it is what was drawn. Of the prompts it counts the blocks that an
earlier request of the job begins with. Neither depends on the machine, and no model is loaded.

With `--engine`, the job is also generated again: with vLLM as it is by default and with each
`--engine`, such as `{"speculative": {"num_speculative_tokens": 3}}` or `{"prefix_caching": false}`.
Each engine runs in a process of its own (environment `infer`), in turns; ratios are computed within
a round. See docs/benchmarks.md.
"""

import argparse
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import fmean

from figures import spread
from own_process import OwnProcess
from repetition import repetition

from caco.config.engines import NgramSpeculation, VllmEngineConfig
from caco.engines.open import prompted
from caco.engines.protocol import Completion, Request
from caco.engines.vllm_engine import VllmEngine
from caco.models.manifest import read_manifest
from caco.proof.recorded_command import JobOfRecord
from caco.proof.recorded_jobs import RULES
from caco.proof.scores import DrawnRow
from caco.proof.shards import generated_shard
from caco.runtime.chain import load_record, run_folder
from caco.runtime.job import run

_BLOCK = 16  # tokens of a block that vLLM caches
_PROPOSED = (1, 2, 3, 4, 6, 8)


def steps(row: DrawnRow, section: NgramSpeculation) -> tuple[int, int]:
    """Returns the steps of the model that draw a row's tokens, and the tokens that it computes.

    As vLLM proposes: the longest n-gram before the next token, where it occurred first, and what
    followed it there. A step computes the last token and the proposals.
    """
    tokens, drawn = [*row.prompt], [*row.tokens]
    lengths = range(section.prompt_lookup_min, section.prompt_lookup_max + 1)
    first: dict[tuple[int, ...], int] = {}  # place after the first occurrence of an n-gram
    known, taken, computed = 0, 0, 0
    while drawn:
        for end in range(known + 1, len(tokens)):
            for n in lengths:
                if n <= end:
                    first.setdefault(tuple(tokens[end - n : end]), end)
        known = max(known, len(tokens) - 1)
        longest_first = (tuple(tokens[-n:]) for n in reversed(lengths) if n <= len(tokens))
        start = next((first[ngram] for ngram in longest_first if ngram in first), len(tokens))
        proposed = tokens[start : start + section.num_speculative_tokens]
        taken, computed = taken + 1, computed + 1 + len(proposed)
        accepted = 0
        while accepted < min(len(proposed), len(drawn)) and proposed[accepted] == drawn[accepted]:
            accepted += 1
        tokens += drawn[: accepted + 1]
        drawn = drawn[accepted + 1 :]
    return taken, computed


def cached_tokens(rows: Sequence[DrawnRow]) -> int:
    """Returns the tokens of prompts in blocks with which an earlier prompt begins.

    The last token of a prompt is always computed.
    """
    seen: set[tuple[int, ...]] = set()
    found = 0
    for row in rows:
        prefixes = [row.prompt[:end] for end in range(_BLOCK, len(row.prompt), _BLOCK)]
        found += _BLOCK * sum(prefix in seen for prefix in prefixes)
        seen.update(prefixes)
    return found


def _counted(rows: Sequence[DrawnRow]) -> str:
    """Returns the table of what is counted."""
    prompts, drawn = sum(len(row.prompt) for row in rows), sum(len(row.tokens) for row in rows)
    lines = [
        f"{len(rows)} requests: prompts of {fmean(len(row.prompt) for row in rows):.0f} tokens, of "
        f"which {cached_tokens(rows) / prompts:.1%} are in shared blocks of {_BLOCK}; {drawn:,} "
        "drawn tokens\n",
        "| `num_speculative_tokens` | tokens a step | steps saved | computed a drawn token |",
        "|---|---|---|---|",
    ]
    for proposed in _PROPOSED:
        section = NgramSpeculation(num_speculative_tokens=proposed)
        counts = [steps(row, section) for row in rows]
        taken, computed = (sum(column) for column in zip(*counts, strict=True))
        cells = (f"{drawn / taken:.2f}", f"{1 - taken / drawn:.0%}", f"{computed / drawn:.2f}")
        lines.append(f"| {proposed} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One repetition of the job: its texts by request, their tokens, and the seconds."""

    texts: dict[str, str]
    tokens: int
    seconds: float


class _Recording(VllmEngine):
    """Notes the completions."""

    def __init__(self, folder: Path, section: VllmEngineConfig) -> None:
        super().__init__(folder, section)
        self.texts: dict[str, str] = {}
        self.tokens = 0

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        self.texts, self.tokens = {}, 0
        for completion in super().generate(requests):
            self.texts[completion.request_id] = completion.text
            self.tokens += completion.tokens
            yield completion


def _serve(connection: Connection, path: Path, section: VllmEngineConfig) -> None:
    """Repeats the job of a record whenever the other side asks for it."""
    job, rule = _job(path)
    model = read_manifest(job.file("--model"))
    with _Recording(model.folder, section) as engine:
        while True:  # the first time vLLM is started
            began = time.perf_counter()
            replayed = RULES[rule](job)
            for _ in replayed.make(prompted(engine, model, replayed.prompt)):
                pass
            seconds = time.perf_counter() - began
            connection.send(Measurement(engine.texts, engine.tokens, seconds))
            if connection.recv() is None:
                return


def _job(path: Path) -> tuple[JobOfRecord, str]:
    record = load_record(path)
    return JobOfRecord(record, Path(run_folder(path) or "")), record["rule"]


@dataclass(slots=True)
class Engine:
    """An engine in its process, and its measurements, one per round."""

    label: str
    process: OwnProcess
    rounds: list[Measurement] = field(default_factory=list)

    def measure(self) -> None:
        """Repeats the job once."""
        self.rounds.append(self.process.ask("again"))

    @property
    def rates(self) -> list[float]:
        """Tokens per second, one value per round."""
        return [one.tokens / one.seconds for one in self.rounds]


def _equal(one: Measurement, other: Measurement) -> str:
    same = sum(one.texts[name] == text for name, text in other.texts.items())
    return f"{same} of {len(other.texts)}"


def _table(engines: list[Engine]) -> str:
    reference = engines[0]
    lines = [
        "| engine | tokens/s, median (min..max) | to the first | tokens | texts of the first "
        "| texts of the round before |",
        "|---|---|---|---|---|---|",
    ]
    for engine in engines:
        ratios = [own / other for own, other in zip(engine.rates, reference.rates, strict=True)]
        *_, before, last = engine.rounds
        cells = [
            engine.label, spread(engine.rates, ",.0f"), spread(ratios, ".2f"), f"{last.tokens:,}",
            _equal(last, reference.rounds[-1]), _equal(last, before),
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("record", type=Path, help="provenance record of a job that generated")
    parser.add_argument(
        "--engine", type=json.loads, action="append", default=[], metavar="JSON",
        help="keys in which an engine differs from --base; repeat for several engines",
    )  # fmt: skip
    parser.add_argument(
        "--base", type=json.loads, default={}, metavar="JSON",
        help="keys of the first engine, such as '{\"batch\": 512, \"dtype\": \"float32\"}'",
    )  # fmt: skip
    parser.add_argument("--rounds", type=int, default=3, help="number of rounds, at least 2")
    args = parser.parse_args()
    record = load_record(args.record)
    shard = generated_shard(record, Path(run_folder(args.record) or ""))
    base = {"kind": "vllm", **args.base}
    facts = {"rule": record["rule"], "settings": json.dumps(record["spec"]), "engine": base}
    print(repetition([args.record], facts), flush=True)
    print(_counted(shard.rows), flush=True)
    if not args.engine:
        return
    with ExitStack() as stack:
        engines = []
        for keys in ({}, *args.engine):
            label, section = json.dumps(keys), VllmEngineConfig.model_validate(base | keys)
            process = stack.enter_context(OwnProcess(label, _serve, args.record, section))
            engines.append(Engine(label, process))
        for number in range(args.rounds):
            for engine in engines[:: -1 if number % 2 else 1]:
                engine.measure()
        print(_table(engines), flush=True)


if __name__ == "__main__":
    run(main)
