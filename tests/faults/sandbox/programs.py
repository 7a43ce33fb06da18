"""Valid, failing and hostile programs, with their expected outcomes."""

from caco.sandbox.protocol import Outcome

_INPUT = "input = {'a': NUMBER}\n"
_VALID = _INPUT + "def f(a):\n    total = a * 3\n    return total + 1\noutput = f(**input)\n"

# (n, text, outcome): every n-th program; all others are valid and plain.
_KINDS: list[tuple[int, str, Outcome]] = [
    (7, "import re, random\n" + _VALID, Outcome.OK),
    (11, _INPUT + "open('/tmp/left', 'w').write('x')\noutput = NUMBER", Outcome.OK),
    (13, _INPUT + "output = 1 / 0", Outcome.EXCEPTION),
    (17, _INPUT + "import os\nos._exit(3)", Outcome.KILLED),
    (19, _INPUT + "import os\nos.fork()", Outcome.EXCEPTION),
    (23, _INPUT + "held = bytearray(1 << 40)", Outcome.OUT_OF_MEMORY),
    (29, _INPUT + "import ctypes\nctypes.string_at(0)", Outcome.KILLED),
    (31, _INPUT + "print('x' * 100_000)", Outcome.OUTPUT_TOO_LARGE),
    (37, _INPUT + "import threading\nthreading.Thread(target=iter(int, 1).__next__).start()\n"
         "output = threading.active_count() > 0", Outcome.OK),
    (41, "def (", Outcome.SYNTAX_ERROR),
    (401, "import sympy\n" + _INPUT + "output = int(sympy.Integer(NUMBER) + 1)", Outcome.OK),
]  # fmt: skip
_SLOW: list[tuple[str, Outcome]] = [
    ("while True: pass", Outcome.CPU_TIMEOUT),
    ("10 ** 10 ** 9", Outcome.CPU_TIMEOUT),
    ("import time\ntime.sleep(60)", Outcome.WALL_TIMEOUT),
    (
        "import time\n" + _INPUT + "while time.process_time() < 0.5: pass\noutput = NUMBER",
        Outcome.OK,
    ),
]


def mixture(count: int, slow_every: int) -> list[tuple[str, Outcome]]:
    """Returns `count` programs with their outcomes; every `slow_every`-th one is slow."""
    programs = []
    for i in range(1, count + 1):
        if i % slow_every == 0:
            text, outcome = _SLOW[i // slow_every % len(_SLOW)]
        else:
            text, outcome = next(
                ((text, outcome) for every, text, outcome in _KINDS if i % every == 0),
                (_VALID, Outcome.OK),
            )
        programs.append((text.replace("NUMBER", str(i)), outcome))
    return programs
