"""The kernel decides the outcome of a program; its record is untrusted and is validated."""

import pytest

from caco.config.checks import SandboxLimits as Limits
from caco.sandbox.guest import wire
from caco.sandbox.record import KilledByHost, execution
from caco.sandbox.warm_parent import Termination

LIMITS = Limits(cpu_s=2.0, wall_s=10.0, memory_mb=100, output_bytes=1000)


def record(*texts: str, changed: str = "") -> bytes:
    texts = (*texts, changed)
    raw = [text.encode("utf-8", "surrogatepass") for text in texts]
    return wire.RECORD.pack(*map(len, raw)) + b"".join(raw)


def terminated(
    status: int = 0,
    limit: bytes = wire.NO_LIMIT,
    cpu_s: float = 0.1,
    out_of_memory: bool = False,
    left: bytes = record("ok", "", '{"a":1}', "2", "2\n"),
) -> Termination:
    return Termination(status, limit, cpu_s, 0.2, 9.0, out_of_memory, left)


def test_the_record_of_a_program_that_exited_in_time_is_read():
    executed = execution(terminated(), LIMITS)
    assert (executed.outcome, executed.input, executed.output, executed.stdout) == (
        "ok",
        '{"a":1}',
        "2",
        "2\n",
    )
    assert (executed.cpu_s, executed.wall_s, executed.peak_mb, executed.limit) == (
        0.1,
        0.2,
        9.0,
        None,
    )


@pytest.mark.parametrize(
    ("how", "outcome", "detail"),
    [
        (terminated(9, wire.CPU_LIMIT, cpu_s=1.99), "cpu_timeout", "2 s of CPU"),
        (terminated(cpu_s=2.0), "cpu_timeout", "2 s of CPU"),
        (terminated(9, wire.WALL_LIMIT), "wall_timeout", "10 s of wall"),
        (terminated(9, out_of_memory=True), "out_of_memory", "memory"),
        (terminated(11), "killed", "SIGSEGV"),
        (terminated(3 << 8), "killed", "status 3"),
        (terminated(left=record("", "", "", "", "")), "killed", "status 0"),
        (terminated(left=b"\0" * wire.RECORD.size), "killed", "status 0"),
    ],
)
def test_the_outcome_is_that_of_the_kernel_whatever_the_record_claims(how, outcome, detail):
    executed = execution(how, LIMITS)
    assert executed.outcome == outcome
    assert detail in executed.detail
    assert (executed.input, executed.output) == (None, None)


@pytest.mark.parametrize("cpu_s", [0.0, 1.9])
def test_a_kill_that_no_limit_explains_is_not_an_outcome(cpu_s):
    with pytest.raises(KilledByHost) as caught:
        execution(terminated(9, cpu_s=cpu_s), LIMITS)
    assert caught.value.as_killed().outcome == "killed"


@pytest.mark.parametrize(
    "left",
    [
        record("ok", "", '{"a":1}', "2", "2\n")[:-1],
        record("ok", "", '{"a":1}', "2", "2\n") + b"x",
        record("fine", "", "{}", "2", ""),
        record("ok", "", "{}", "", ""),
        record("ok", "", "{}", "2 ", ""),
        record("ok", "", "{}", "[1, 2]", ""),
        record("ok", "", "{}", '{"b":1,"a":2}', ""),
        record("ok", "", "{}", '{"a":1,"a":2}', ""),
        record("ok", "", "{}", "NaN", ""),
        record("ok", "", "{}", "1e999", ""),
        record("ok", "", "{}", f"[-Infinity,{'1' * 500}]", ""),
        record("ok", "", "{}", '"\\ud800"', ""),
        record("ok", "", "{}", '"\ud800"', ""),
        record("ok", "", "{}", "1" * 1001, ""),
        record("ok", "", "{}", "[" * 400 + "]" * 400, "")[:-1] + b"\xff",
        record("ok", "", '{"a":1', "2", ""),
    ],
)
def test_an_invalid_record_is_rejected(left):
    assert execution(terminated(left=left), LIMITS).detail == "exited with status 0"


def test_an_integer_too_long_for_python_is_exact():
    left = record("ok", "", "{}", "1" * 5000, "")
    limits = LIMITS.model_copy(update={"output_bytes": 6000})
    assert execution(terminated(left=left), limits).output == "1" * 5000


def test_an_address_in_a_detail_is_masked():
    left = record("exception", "E: <object at 0x7f0012345678>", "", "", "")
    assert execution(terminated(left=left), LIMITS).detail == "E: <object at 0x...>"
