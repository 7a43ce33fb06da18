"""What became of a program is the kernel's to say; the program's record is read with mistrust."""

import pytest

from caco.config.checks import SandboxLimits as Limits
from caco.sandbox.guest import wire
from caco.sandbox.record import EndedByTheHost, execution
from caco.sandbox.warm_parent import Ended

LIMITS = Limits(cpu_s=2.0, wall_s=10.0, memory_mb=100, output_bytes=1000)


def record(*texts: str) -> bytes:
    raw = [text.encode("utf-8", "surrogatepass") for text in texts]
    return wire.RECORD.pack(*map(len, raw)) + b"".join(raw)


def ended(
    status: int = 0,
    limit: bytes = wire.NO_LIMIT,
    cpu_s: float = 0.1,
    out_of_memory: bool = False,
    left: bytes = record("ok", "", '{"a":1}', "2", "2\n"),
) -> Ended:
    return Ended(status, limit, cpu_s, 0.2, 9.0, out_of_memory, left)


def test_a_program_that_ended_in_time_is_asked():
    told = execution(ended(), LIMITS)
    assert (told.outcome, told.input, told.output, told.stdout) == ("ok", '{"a":1}', "2", "2\n")
    assert (told.cpu_s, told.wall_s, told.peak_mb, told.limit) == (0.1, 0.2, 9.0, None)


@pytest.mark.parametrize(
    ("how", "outcome", "detail"),
    [
        (ended(9, wire.CPU_LIMIT, cpu_s=1.99), "cpu_timeout", "2 s of CPU"),
        (ended(cpu_s=2.0), "cpu_timeout", "2 s of CPU"),
        (ended(9, wire.WALL_LIMIT), "wall_timeout", "10 s of wall"),
        (ended(9, out_of_memory=True), "out_of_memory", "memory"),
        (ended(11), "killed", "SIGSEGV"),
        (ended(3 << 8), "killed", "status 3"),
        (ended(left=record("", "", "", "", "")), "killed", "status 0"),
        (ended(left=b"\0" * wire.RECORD.size), "killed", "status 0"),
    ],
)
def test_the_kernel_decides_whatever_the_record_says(how, outcome, detail):
    told = execution(how, LIMITS)
    assert told.outcome == outcome
    assert detail in told.detail
    assert (told.input, told.output) == (None, None)


@pytest.mark.parametrize("cpu_s", [0.0, 1.9])
def test_a_kill_that_no_limit_explains_is_not_the_programs(cpu_s):
    with pytest.raises(EndedByTheHost) as caught:
        execution(ended(9, cpu_s=cpu_s), LIMITS)
    assert caught.value.blamed().outcome == "killed"


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
def test_a_record_that_the_guest_would_not_write_is_none(left):
    assert execution(ended(left=left), LIMITS).detail == "ended itself with status 0"


def test_an_integer_too_long_for_python_comes_through():
    left = record("ok", "", "{}", "1" * 5000, "")
    limits = LIMITS.model_copy(update={"output_bytes": 6000})
    assert execution(ended(left=left), limits).output == "1" * 5000


def test_an_address_in_a_detail_is_left_out():
    left = record("exception", "E: <object at 0x7f0012345678>", "", "", "")
    assert execution(ended(left=left), LIMITS).detail == "E: <object at 0x...>"
