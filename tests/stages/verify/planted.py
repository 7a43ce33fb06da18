"""Generated programs with known verdicts: programs with a fault, and similar ones without.

A shape is the kinds of its inputs and a template, in which `$a`, `$b`, `$c` are the names of the
inputs, `$f` that of a function, `$v` and `$w` those of variables, and `$k` is a number.
"""

from random import Random
from string import Template

WORDS = [
    "apples", "boxes", "cakes", "days", "eggs", "friends", "games", "hours", "jars", "kites",
    "lamps", "miles", "notes", "oranges", "pages", "rows", "stamps", "tickets", "visits", "yards",
]  # fmt: skip
NAMES = ("cost", "solve", "compute", "find_total", "answer_for", "helper", "result_of", "work_out")
TEXTS = ("banana bread", "level", "red green blue", "Hello World", "a man a plan", "data science")


def values(kind: str, rng: Random) -> object:
    match kind:
        case "i":
            return rng.randint(2, 60)
        case "I":
            return rng.randint(100, 5000)
        case "f":
            return rng.randint(150, 9900) / 100
        case "s":
            return rng.choice(WORDS)
        case "t":
            return rng.choice(TEXTS)
        case "l":
            return [rng.randint(1, 40) for _ in range(rng.randint(4, 8))]
        case "w":
            return rng.sample(WORDS, 5)
        case "b":
            return rng.random() < 0.5
        case "m":
            return [[rng.randint(1, 9) for _ in range(3)] for _ in range(3)]
        case "d":
            return {word: rng.randint(1, 20) for word in rng.sample(WORDS, 4)}
        case _:
            raise AssertionError(kind)


def from_shape(shape: tuple[str, str], rng: Random) -> str:
    kinds, text = shape
    *keys, v, w = rng.sample(WORDS, len(kinds) + 2)
    inputs = {key: values(kind, rng) for key, kind in zip(keys, kinds, strict=True)}
    names = dict(zip("abcde", keys, strict=False))
    names |= {"v": f"{v}_total", "w": f"{w}_left", "f": rng.choice(NAMES)}
    names["k"] = str(rng.choice((rng.randint(2, 9), rng.randint(11, 900))))
    body = Template(text).substitute(names)
    return f"input = {inputs!r}\n\n{body.strip()}\n\nprint(output)\n"


def generate(shapes: list[tuple[str, str]], count: int, seed: str) -> list[str]:
    """Returns `count` distinct programs, of all shapes in turn."""
    rng = Random(seed)
    programs: dict[str, None] = {}
    at = 0
    while len(programs) < count:
        programs[from_shape(shapes[at % len(shapes)], rng)] = None
        at += 1
        assert at < 50 * count, "the shapes give too few different programs"
    return list(programs)


def function(expression: str, *lines: str, parameters: str = "$a, $b") -> str:
    """Returns a function with these lines that returns the expression, and its call."""
    body = "\n".join(f"    {line}" for line in [*lines, f"return {expression}"])
    return f"def $f({parameters}):\n{body}\n\noutput = $f(**input)"


INSENSITIVE = [
    ("ii", function("$v + $k", "$v = $a * 0", "$w = $b * $v", "$v = $v + $w")),
    ("ii", function("$v", "$v = $k", "for step in range(3):", "    $v += $a - $a", "$w = $b")),
    ("if", function("$v - $w + $k", "$v = $a * $b", "$w = $b * $a")),
    ("ii", function("$v", "$v = $a + $b", "$v = $k", "$w = $v * 2")),
    ("il", function("len($v) + $k", "$v = []", "for each in $b:", "    if each != each:",
                    "        $v.append($a)")),
    ("iI", function("$v ** 0 * $k", "$v = $a * $a + $b * $b + 1", "$w = $v")),
    ("ii", function("($a * ($a + 1)) % 2 + $k", "$v = $b", "$w = $v + 1")),
    ("is", function("{'x': $k}.get(str($a) + $b, $k)", "$v = $b", "$w = $a")),
    ("ff", function("round($v - $a - $b, 2) + $k", "$v = $a + $b", "$w = $v")),
    ("ll", function("sum($v) + $k", "$v = [x - x for x in $a]", "$w = len($b)")),
    ("ii", function("[$k, $k + 1]", "$v = $a + $b", "$w = $v * 2")),
    ("si", function("f'{$k} km'", "$v = len($a)", "$w = $v + $b")),
    ("ii", function("$k", "if $a * $a < 0:", "    return $a", "$v = $b", "$w = $v")),
    ("ii", function("max($v) + $k * 10", "$v = [$a & 0, $b & 0]", "$w = len($v)")),
    ("ib", function("($k if $b else $k) + $v", "$v = 2 * $a % 2", "$w = $v")),
    ("ti", function("len($v) - len($a) + $k", "$v = $a[::-1]", "$w = $b + 1")),
    ("d", function("{'total': $k + $v}", "$v = sum($a.values())", "$v = $v - sum($a.values())",
                   "$w = len($a)", parameters="$a")),
    ("ii", "$v = input['$a'] * input['$b']\n$w = $v - input['$b'] * input['$a']\n"
           "steps = [$v, $w]\nfor step in range(2):\n    $w = $w * 1\noutput = $w + $k"),
    ("iii", "class Work:\n    def __init__(self, $a, $b, $c):\n        self.$a = $a\n"
            "        self.rest = ($b + $c) * 0\n\n    def total(self):\n"
            "        return self.rest * self.$a + $k\n\noutput = Work(**input).total()"),
    ("il", function("$v", "$v = 0", "for each in $b:", "    $v += each", "for each in $b:",
                    "    $v -= each", "$v = $v * $a + $k")),
]  # fmt: skip

NON_DETERMINISTIC = [
    ("ii", "import random\n\n" + function("$v", "$v = random.randint($a, $a + 10**6)", "$w = $b")),
    ("ii", "import random\n\n" + function("$a * random.random() + $b", "$v = $a", "$w = $b")),
    ("il", "from random import shuffle\n\n" + function(
        "$v", "$v = list($b) + list(range($a + 9))", "shuffle($v)", "$w = $a")),
    ("Il", "import random\n\n" + function(
        "sum(random.sample(range($a * 99), 3)) + len($b)", "$v = $a", "$w = $b")),
    ("ii", "import random\n\nrng = random.Random()\n\n" + function(
        "rng.getrandbits(40) + $a", "$v = $b")),
    ("ii", "import time\n\n" + function("$a + $b + time.time()", "$v = $a", "$w = $b")),
    ("ii", "import time\n\n" + function("time.perf_counter_ns() % ($a * 10**7 + $b)", "$v = $a")),
    ("ii", "import time\n\nbegan = time.perf_counter()\n" + function("$v", "$v = $a * $b")
     + "\noutput = {'value': output, 'seconds': time.perf_counter() - began}"),
    ("ii", "from datetime import datetime\n\n" + function(
        "f'{$v} at {datetime.now().isoformat()}'", "$v = $a + $b", "$w = $v")),
    ("is", function("id($v) % 10**9 + $a", "$v = [$a, $b]", "$w = $v")),
    ("si", function("hash($a) % 10**6 + $b", "$v = $a", "$w = $b")),
    ("ii", function("hash($v) % 10**9 + $a + $b", "class Box:", "    pass", "$v = Box()")),
    ("wi", function("list(set($a + [str($b), 'p', 'q', 'r']))", "$v = len($a)", "$w = $v")),
    ("wi", function("' '.join({word + str($b) for word in $a})", "$v = len($a)", "$w = $v")),
    ("wi", "import os\n\n" + function(
        "int.from_bytes(os.urandom(4), 'big') % 10**8 + $b", "$v = len($a)", "$w = $v")),
    ("ii", "import uuid\n\n" + function("str(uuid.uuid4()) + str($a + $b)", "$v = $a", "$w = $b")),
    ("ii", "import secrets\n\n" + function("secrets.randbelow(10**9) + $a", "$v = $b", "$w = $v")),
    ("ii", function("str($v)", "$v = object()", "$w = $a + $b")),
    ("wi", function("{word: at for at, word in enumerate(set($a))}", "$v = $b", "$w = $v")),
    ("wl", "import random\n\n" + function(
        "$v", "$v = {}", "for word in $a:", "    $v[word] = random.choice($b) + random.random()")),
]  # fmt: skip

_DECOY = "def $f($a, $b):\n    $v = $a * $b\n    return $v + $k\n\n$w = $f(**input)\n"
TRIVIAL = [
    ("ii", _DECOY + "output = $k"),
    ("ii", _DECOY + "output = input['$a']"),
    ("ii", _DECOY + "output = -$k"),
    ("ii", _DECOY + "output = $k.5"),
    ("ii", _DECOY + "output = 'The answer is $k'"),
    ("ii", _DECOY + "output = True"),
    ("ii", _DECOY + "result = $k\noutput = result"),
    ("ii", _DECOY + "result = input['$b']\noutput = result"),
    ("ii", _DECOY + "first = input['$b']\nresult = first\nprint(first)\noutput = result"),
    ("ii", _DECOY + "output: int = $k"),
    ("ii", _DECOY + "output = result = $k"),
    ("ii", _DECOY + "output = input.get('$a')"),
    ("ii", _DECOY + "output = [$k, $k]"),
    ("li", "for each in range(3):\n    print(each)\n    $v = each * 2\n$w = input['$b'] + 1\n"
           "output = 12\nprint($w)"),
    ("si", "$v = len('$k') + input['$b']\n$w = $v * 2\nprint($v)\nprint($w)\n"
           "output = input['$a']"),
    ("ii", _DECOY + "if $w > 3:\n    print($w)\noutput = $k"),
]  # fmt: skip

ECHO = [
    ("ii", function("$a", "$v = $a + $b", "$w = $v * 2")),
    ("ii", function("$a + $b - $b", "$v = $a", "$w = $v")),
    ("if", function("$b", "$v = $a * $b", "$w = $v / 2", "print($w)")),
    ("ii", function("$v", "$v = 0", "$w = $b", "for step in [$a]:", "    $v += step")),
    ("ii", function("($a * 2) // 2", "$v = $a", "$w = $b")),
    ("si", function("$v", "$v = ''", "for char in $a:", "    $v += char", "$w = $b")),
    ("li", function("[x + $b - $b for x in $a]", "$v = len($a)", "$w = $v")),
    ("ld", function("$v", "$v = list($a)", "$w = sum($b.values())", "print($w)")),
    ("ii", "output = dict(**input)\n$v = input['$a'] * 2\n$w = input['$b'] * 2\nfor x in [$v]:\n"
           "    print(x, $w)"),
    ("ii", "$a = input['$a']\n$b = input['$b']\n$v = $a * $b\n$w = $v - $a * $b\n"
           "output = $a + $w\nprint($v)"),
    ("si", function("$a[::-1][::-1]", "$v = $b", "$w = $v")),
    ("ib", function("$a if $b else $a", "$v = $a", "$w = $v")),
    ("il", function("$v", "$v = max([$a])", "$w = len($b)", "print($w)")),
    ("ii", function("$v", "$v, $w = $b, $a", "print($w)", "$v = int($v)")),
    ("dd", function("{key: $a[key] for key in $a}", "$v = len($b)", "$w = $v")),
    ("iii", function("sum([$a, $b, -$b, $c, -$c])", "$v = $a", "$w = $v",
                     parameters="$a, $b, $c")),
]  # fmt: skip

_TWO = "$v = $a + $b", "$w = $v * 2"
HONEST = [
    ("ii", function("$v * $k", *_TWO)),
    ("if", function("round($v / 3 + $w, 2)", *_TWO)),
    ("iii", "def $f($a, $b):\n    return $a * $b\n\ndef rest($c, spent):\n    return $c - spent\n\n"
            "spent = $f(input['$a'], input['$b'])\noutput = rest(input['$c'], spent)"),
    ("ii", "from math import gcd\n\n" + function("gcd($a, $b)", "$v = $a", "$w = $b")),
    ("ii", function("$a", "while $b:", "    $a, $b = $b, $a % $b")),
    ("ii", function("$a * $b // $v", "$v, $w = $a, $b", "while $w:", "    $v, $w = $w, $v % $w")),
    ("I", function("all($a % d for d in range(2, int($v) + 1))", "$v = $a ** 0.5", "if $a < 2:",
                   "    return False", parameters="$a")),
    ("ii", function("$v % 2 == 0", *_TWO)),
    ("ii", function("'even' if $v % 2 == 0 else 'odd'", *_TWO)),
    ("ii", function("$a > $b", "$v = $a", "$w = $b")),
    ("ii", function("max($a, $b)", "$v = $a", "$w = $b")),
    ("iI", function("min($a, $b)", "$v = $a", "$w = $b")),
    ("Ii", function("abs($a - $b)", "$v = $a", "$w = $b")),
    ("l", function("$v", "$v = $a[0]", "for each in $a:", "    if each > $v:", "        $v = each",
                   parameters="$a")),
    ("l", function("min($a)", "$v = len($a)", "$w = $v", "print($w)", parameters="$a")),
    ("li", function("len([x for x in $a if x > $b])", "$v = 0", "$w = $v")),
    ("li", function("$a.index($b) if $b in $a else -1", "$v = 0", "$w = $v")),
    ("l", function("sorted($a)", "$v = len($a)", "$w = $v", "print($w)", parameters="$a")),
    ("l", function("len($a)", "$v = 0", "$w = $v", "print($w)", parameters="$a")),
    ("w", function("len(set($a))", "$v = 0", "$w = $v", "print($w)", parameters="$a")),
    ("l", function("sum(1 for x in $a if x < 0)", "$v = 0", "$w = $v", "print($w)",
                   parameters="$a")),
    ("l", function("sorted(set($a), key=$a.index)", "$v = 0", "$w = $v", "print($w)",
                   parameters="$a")),
    ("t", function("sum(char in 'aeiou' for char in $a)", "$v = 0", "$w = $v", "print($w)",
                   parameters="$a")),
    ("t", function("$a.lower()", "$v = 0", "$w = $v", "print($w)", parameters="$a")),
    ("t", function("$v == $v[::-1]", "$v = $a.replace(' ', '')", "$w = len($v)", "print($w)",
                   parameters="$a")),
    ("t", function("len($a.split())", "$v = 0", "$w = $v", "print($w)", parameters="$a")),
    ("ts", function("$a.count($b[0])", "$v = 0", "$w = $v")),
    ("i", function("$f($a - 1) + $f($a - 2) if $a > 1 else $a", "$v = 0", "$w = $v",
                   "$a = $a % 15", parameters="$a")),
    ("i", function("sum(int(d) for d in str($a))", "$v = 0", "$w = $v", "print($w)",
                   parameters="$a")),
    ("i", function("$v", "$v = 0", "while $a != 1 and $v < 500:",
                   "    $a = $a // 2 if $a % 2 == 0 else 3 * $a + 1", "    $v += 1",
                   parameters="$a")),
    ("fi", function("round($v, 2)", "$v = $a * $b", "if $v > 10000:", "    $v = $v * 0.9",
                    "$w = $v")),
    ("fb", function("$v", "$v = $a", "if $b:", "    $v = round($v * 0.8, 2)", "$w = $v")),
    ("I", function("$v", "$v = $a", "if $v > 6000:", "    $v = $v - 500", "$w = $v",
                   parameters="$a")),
    ("i", function("'A'", "if $a < 50:", "    return 'C'", "if $a < 80:", "    return 'B'",
                   parameters="$a")),
    ("ii", function("max(0, $a - $b)", "$v = $a", "$w = $b")),
    ("iI", function("$a % $b", "$v = $a", "$w = $b")),
    ("iI", function("$b // $a", "$v = $a", "$w = $b")),
    ("m", function("sum($a[i][i] for i in range(3))", "$v = 0", "$w = $v", "print($w)",
                   parameters="$a")),
    ("m", function("[list(row) for row in zip(*$a)]", "$v = 0", "$w = $v", "print($w)",
                   parameters="$a")),
    ("d", function("max($a, key=$a.get)", "$v = 0", "$w = $v", "print($w)", parameters="$a")),
    ("d", function("sum($a.values())", "$v = 0", "$w = $v", "print($w)", parameters="$a")),
    ("ds", function("$a.get($b, 0)", "$v = 0", "$w = $v")),
    ("li", function("-1", "low, high = 0, len($a) - 1", "$a = sorted($a)", "while low <= high:",
                    "    mid = (low + high) // 2", "    if $a[mid] == $b:", "        return mid",
                    "    if $a[mid] < $b:", "        low = mid + 1", "    else:",
                    "        high = mid - 1")),
    ("li", function("any(x + y == $b for x in $a for y in $a)", "$v = 0", "$w = $v")),
    ("ll", function("len(set($a) & set($b))", "$v = 0", "$w = $v")),
    ("l", function("$v", "$v = 0", "for x, y in zip($a, $a[1:]):", "    $v += y > x",
                   parameters="$a")),
    ("ib", function("not $b if $a > 30 else $b", "$v = $a", "$w = $b")),
    ("fff", function("$v > $c and $w > $c", *_TWO, parameters="$a, $b, $c")),
    ("iii", function("$a + $b > $c and $b + $c > $a", "$v = $a", "$w = $b",
                     parameters="$a, $b, $c")),
    ("iii", function("sorted([$a, $b, $c])[1]", "$v = $a", "$w = $b", parameters="$a, $b, $c")),
    ("I", function("bin($a).count('1')", "$v = 0", "$w = $v", "print($w)", parameters="$a")),
    ("if", "import math\n\n" + function("math.ceil($b / $a)", "$v = $a", "$w = $b")),
    ("ll", "from collections import Counter\n\n" + function(
        "sum((Counter($a) & Counter($b)).values())", "$v = 0", "$w = $v")),
    ("ii", "import random\n\nrandom.seed($k)\n\n" + function(
        "$a * random.randint(2, 99) + $b", "$v = $a", "$w = $b")),
    ("w", function("sorted(set($a))", "$v = 0", "$w = $v", "print($w)", parameters="$a")),
    ("ii", "$v = input['$a']\n$w = 0\nfor step in range(input['$b']):\n    $v += step\n"
           "    if $v > 900:\n        break\noutput = $v"),
    ("ii", "input['total'] = input['$a'] * input['$b']\n$v = input['total']\n$w = $v\n"
           "print($w)\noutput = input['total']"),
    ("l", "$v = input['$a']\n$v.sort()\n$w = len($v)\nprint($w)\nprint($v[0])\n"
          "output = input['$a']"),
    ("ii", "output = 0\n$v = input['$a']\n$w = input['$b']\nfor step in range($v):\n"
           "    output += $w\nprint($v)"),
    ("ii", "output = 1\n$v = input['$a']\n$w = input['$b']\nif $v > $w:\n    output = 2\n"
           "print($v)"),
]  # fmt: skip


def reformat(program: str, rng: Random) -> str:
    """Returns the same program in another layout."""
    lines = []
    for line in program.splitlines():
        if rng.random() < 0.3:
            lines.append("" if rng.random() < 0.5 else f"# {rng.choice(WORDS)}")
        bare = line.lstrip(" ")
        indent = " " * 2 * (len(line) - len(bare))
        lines.append(f"{indent}{bare}{'  # so' if rng.random() < 0.3 else ''}")
    return "\n".join(lines) + "\n"
