"""Seeds of word problems with worked solutions, and their Code CoTs."""

import pytest

from caco.config.checks import Calibration, ProgramRules
from caco.config.sources import Unify
from caco.stages.calibrate.plant import known_right
from caco.stages.seeds.normalise import make_seed
from caco.stages.unify.unify import unify

NUMBERS = [(3, 4), (12, 25), (7, 9), (40, 31), (52, 23), (6, 6)]


def shelf(a, b):
    return make_seed(
        "shelves",
        f"A shelf holds {a} rows of {b} jars. How many jars?",
        str(a * b),
        solution=f"There are {a}*{b}=<<{a}*{b}={a * b}>>{a * b} jars.",
    )


def worked(question, *steps):
    """Returns a seed with one calculation a step; the last result is the answer."""
    results = [format(float(eval(step)), "g") for step in steps]
    solution = " ".join(
        f"That is {step} = <<{step}={result}>>{result}."
        for step, result in zip(steps, results, strict=True)
    )
    return make_seed("varied", question, results[-1], solution=solution)


@pytest.fixture(scope="session")
def seeds():
    return [shelf(a, b) for a, b in NUMBERS]


@pytest.fixture(scope="session")
def varied_seeds():
    """Seeds to which together every kind of planted answer applies."""
    return [
        shelf(40, 31),  # has thousands
        shelf(3, 4),
        shelf(2, 5),  # its digits are those of any base
        worked("A shelf holds 4 jars and Tom takes 3. How many jars are left?", "4-3"),
        worked("A shop has 120 jars and sells 30 of them. What percentage is that?", "30/120*100"),
        worked("Tom buys 3 pens at $2.50 each. How much does he pay?", "3*2.5"),
        worked("A shelf holds 5 jars. Tom takes 2 and Ann takes 3. How many are left?", "5-2-3"),
        worked("It is 4 degrees and gets 9 degrees colder. How warm is it now?", "4-9"),
        worked("Ann walks 3 miles a day for 7 days. How many miles is that?", "3*7"),
        worked("A box has 2 layers of 9 eggs. How many eggs do 8 boxes have?", "2*9", "18*8"),
    ]


@pytest.fixture(scope="session")
def code_cots(seeds):
    return _code_cots(seeds)


@pytest.fixture(scope="session")
def varied(varied_seeds):
    """The known-right rows of `varied_seeds`."""
    found = known_right(
        _code_cots(varied_seeds), lambda: varied_seeds, Calibration(rows=99, seed=3)
    )
    assert len(found) == len(varied_seeds)
    return found


def _code_cots(seeds):
    from tests.stages.unify.conftest import TrustingSandbox

    return list(unify(seeds, Unify(converter="equations"), ProgramRules(), TrustingSandbox()))
