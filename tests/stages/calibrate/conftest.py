"""Seeds of word problems with worked solutions, and their Code CoTs."""

import pytest

from caco.config.sources import Unify
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


@pytest.fixture(scope="session")
def seeds():
    return [shelf(a, b) for a, b in NUMBERS]


@pytest.fixture(scope="session")
def code_cots(seeds):
    from tests.stages.unify.conftest import TrustingSandbox

    return list(unify(seeds, Unify(converter="equations"), TrustingSandbox()))
