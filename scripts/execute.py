"""Executes programs in the sandbox: rows of JSON on standard input, outcomes on standard output.

Each line of input is an object with `program` (Python that sets `input` and `output`) and
optionally `id` (any value). Each gets one line of output, in the same order: `id`, `outcome`,
`reason` (why the outcome is not "ok"), `input` and `output` (JSON values, null unless the outcome
is "ok"), `printed`, `cpu_s` and `memory_mb` (its peak). With --rules a line also has `verdict`:
"accepted", or the rule of the stage `verify` that rejects the program; `reason` is then the reason
of the verdict. Needs the environment sandbox. See docs/command_lines.md.
"""

import argparse
import warnings
from collections.abc import Mapping

from caco.config.checks import SandboxLimits, Verify
from caco.config.section import section_of_spec
from caco.runtime.job import run
from caco.runtime.jsonl import RawJson, Refusal, Row, answer_lines, positive_int
from caco.sandbox.nsjail import NsjailSandbox
from caco.sandbox.protocol import Outcome, execute_in_order
from caco.sandbox.self_check import require_host
from caco.stages.verify.single import verify_executed

_EXAMPLE = r"""example:
  $ echo '{"id": 1, "program": "input = {\"a\": 2}\noutput = input[\"a\"] * 3"}' \
      | python scripts/execute.py
  {"id": 1, "outcome": "ok", "reason": "", "input": {"a":2}, "output": 6, "printed": "", ...}

exit code: 0 if every line got its line, 1 if the machine cannot execute programs or a
specification is invalid, 2 for wrong arguments
"""


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=_EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--spec", default="{}", help="limits of a program, as the config's `sandbox` section")
    add(
        "--rules",
        action="store_true",
        help="verify each program with the rules of the stage `verify`",
    )
    add("--verify-spec", help="thresholds of the rules, as the config's `verify` section")
    add(
        "--workers", type=positive_int, default=1, metavar="N",
        help="programs that are executed at a time (default: 1)",
    )  # fmt: skip
    args = parser.parse_args()
    if args.verify_spec is not None and not args.rules:
        parser.error("--verify-spec has no effect without --rules; add --rules")
    limits = section_of_spec(SandboxLimits, args.spec)
    rules = None
    if args.rules:
        rules = section_of_spec(Verify, args.verify_spec or "{}", "--verify-spec")
    warnings.simplefilter("ignore", SyntaxWarning)  # about the programs in the rows

    def answer(row: Row) -> Mapping[str, object]:
        program = row.text("program")
        ((_, execution),) = execute_in_order(sandbox, [(row, program)])
        reason, verdict = execution.detail, {}
        if rules is not None:
            word, reason = verify_executed(program, execution, sandbox, rules)
            verdict = {"verdict": word}
        ok = execution.outcome is Outcome.OK
        return {
            "outcome": execution.outcome.value,
            **verdict,
            "reason": reason,
            "input": RawJson(execution.input) if ok and execution.input is not None else None,
            "output": RawJson(execution.output) if ok and execution.output is not None else None,
            "printed": execution.stdout,
            "cpu_s": round(execution.cpu_s, 6),
            "memory_mb": round(execution.peak_mb, 3),
        }

    def refuse(kind: Refusal, reason: str) -> Mapping[str, object]:
        verdict = {} if rules is None else {"verdict": kind}
        empty = dict.fromkeys(("input", "output"))
        return {
            "outcome": kind, **verdict, "reason": reason, **empty,
            "printed": "", "cpu_s": 0.0, "memory_mb": 0.0,
        }  # fmt: skip

    require_host(limits)
    with NsjailSandbox(limits, args.workers) as sandbox:
        answer_lines(answer, refuse, args.workers)


if __name__ == "__main__":
    run(main)
