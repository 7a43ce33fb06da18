"""Programs of every kind, honest and not, with the outcome that each must have."""

from caco.sandbox.protocol import Outcome

_GIVEN = "input = {'a': NUMBER}\n"
_HONEST = _GIVEN + "def f(a):\n    total = a * 3\n    return total + 1\noutput = f(**input)\n"

# Every so many programs, one of these; the rest are honest and plain.
_KINDS: list[tuple[int, str, Outcome]] = [
    (7, "import re, random\n" + _HONEST, Outcome.OK),
    (11, _GIVEN + "open('/tmp/left', 'w').write('x')\noutput = NUMBER", Outcome.OK),
    (13, _GIVEN + "output = 1 / 0", Outcome.EXCEPTION),
    (17, _GIVEN + "import os\nos._exit(3)", Outcome.KILLED),
    (19, _GIVEN + "import os\nos.fork()", Outcome.EXCEPTION),
    (23, _GIVEN + "held = bytearray(1 << 40)", Outcome.OUT_OF_MEMORY),
    (29, _GIVEN + "import ctypes\nctypes.string_at(0)", Outcome.KILLED),
    (31, _GIVEN + "print('x' * 100_000)", Outcome.OUTPUT_TOO_LARGE),
    (37, _GIVEN + "import threading\nthreading.Thread(target=iter(int, 1).__next__).start()\n"
         "output = threading.active_count() > 0", Outcome.OK),
    (41, "def (", Outcome.SYNTAX_ERROR),
    (401, "import sympy\n" + _GIVEN + "output = int(sympy.Integer(NUMBER) + 1)", Outcome.OK),
]  # fmt: skip
_SLOW: list[tuple[str, Outcome]] = [
    ("while True: pass", Outcome.CPU_TIMEOUT),
    ("10 ** 10 ** 9", Outcome.CPU_TIMEOUT),
    ("import time\ntime.sleep(60)", Outcome.WALL_TIMEOUT),
    (
        "import time\n" + _GIVEN + "while time.process_time() < 0.5: pass\noutput = NUMBER",
        Outcome.OK,
    ),
]


def mixture(count: int, slow_every: int) -> list[tuple[str, Outcome]]:
    """Returns `count` programs with their outcomes; one in `slow_every` takes a limit's time."""
    made = []
    for i in range(1, count + 1):
        if i % slow_every == 0:
            text, outcome = _SLOW[i // slow_every % len(_SLOW)]
        else:
            text, outcome = next(
                ((text, outcome) for every, text, outcome in _KINDS if i % every == 0),
                (_HONEST, Outcome.OK),
            )
        made.append((text.replace("NUMBER", str(i)), outcome))
    return made
