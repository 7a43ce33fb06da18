"""The config key behind each value of a job's `spec`.

The rules put one section of the config, or parts of several, into a spec. This table is their
inverse, so that a changed value is shown under the key that a user can change.
"""

from collections.abc import Mapping

# By rule, the beginning of a key in the spec (empty for all) and the config key in its place. The
# longest beginning counts. `{identity}` is the job's, `{source}` and `{benchmark}` are parts of it.
_KEYS: Mapping[str, Mapping[str, str]] = {
    "data_set": {"": "sources.{identity}.seeds.hub"},
    "seeds": {"": "sources.{identity}.seeds"},
    "preflight": {"sandbox": "sandbox", "folders": "models"},
    "model": {"": "models.{identity}"},
    "bench_problems": {"": "bench.benchmarks.{identity}"},
    "draft": {"": "sources.{source}.unify"},
    "attempt": {"rules": "verify", "sandbox": "sandbox"},
    "unify": {
        "unify": "sources.{identity}.unify",
        "checks.rules": "verify",
        "checks.sandbox": "sandbox",
        "decontaminate": "corpus.decontaminate",
    },
    "plant": {"calibration": "calibration", "sandbox": "sandbox"},
    "judge_planted": {"": "reverse.llm_judge"},
    "calibrate": {"": "reverse.judge"},
    "verify": {"verify": "verify", "sandbox": "sandbox"},
    **{rule: {"": f"reverse.{rule}"} for rule in ("question", "solution", "judge", "llm_judge")},
    "check": {"": "reverse.check"},
    "rollout": {"": "pass_rate"},
    "pass_rate": {"": "pass_rate"},
    "answer": {
        "": "bench",
        "sampling": "bench.sampling",
        "samples": "bench.benchmarks.{benchmark}.samples",
        "prompt": "student.prompt",
    },
    "grade": {"": "bench", "tolerance": "bench.benchmarks.{benchmark}.tolerance"},
    "report": {"run": "run"},
}


def config_key(rule: str, identity: str, key: str, own_sampling: frozenset[str]) -> str:
    """Returns the config key of a value of a job's spec.

    Args:
        rule: The rule.
        identity: The job.
        key: The key in the spec, with dots.
        own_sampling: The benchmarks that have a section `sampling` of their own.
    """
    table = _KEYS.get(rule, {"": rule})
    start = max((s for s in table if f"{key}.".startswith(f"{s}." if s else "")), key=len)
    section = table[start]
    source, benchmark = identity.rpartition("-")[0], identity.partition("-")[2]
    if rule == "answer" and start == "sampling" and benchmark in own_sampling:
        section = "bench.benchmarks.{benchmark}.sampling"
    section = section.format(identity=identity, source=source, benchmark=benchmark)
    rest = key.removeprefix(start).lstrip(".")
    return f"{section}.{rest}" if rest else section
