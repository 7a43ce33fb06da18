"""Evidence against a shard: are its tokens samples of the distributions that they are scored with?

One token that cannot have been drawn decides. Where none is known, because another engine drew them
with random numbers of its own, two statistics share the false alarms.

The first is an e-value: a number whose expectation is at most 1 if every token was drawn from
its distribution, however long the shard. By Markov's inequality it is then 1,000 or more in at most
one shard of 1,000. It is a weighted mean of likelihood ratios, each against another explanation of
the tokens and multiplied over the tokens in the order in which they were drawn. Each is a
supermartingale: neither independence nor a normal distribution is assumed. The e-values of several
shards may be multiplied.

The second is z, the sum of surprisal minus entropy in its standard deviations. It finds smaller
changes of the temperature. It is normal for many tokens only (a martingale's central limit), so it
counts from `_NORMAL` tokens on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import erfc, exp, sqrt

import numpy as np

from caco.proof.scores import TEMPERATURES, RowScores

FALSE_ALARMS = 0.001  # at most this share of the shards that are samples is called no sample
_NORMAL = 1000  # tokens from which z is taken for normal
# Explanations: every row was drawn at another temperature; one row in 16 was; a share of the tokens
# (the second numbers) comes from the least probable ones (the first numbers: their probability).
_ROWS = 1 / 16
_TAILS = [
    (tail, share)
    for tail, share in product([1e-3, 1e-4, 1e-5, 1e-6, 1e-8, 1e-10], [5e-4, 2e-3, 1e-2])
    if share > 2 * tail
]
_WEIGHTS = {"temperature": 0.4, "rows": 0.3, "tails": 0.3}


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence of a shard.

    Attributes:
        z: The sum of surprisal minus entropy over all tokens, in its standard deviations; None
            where nothing was random (greedy rows).
        log_e: Natural logarithm of the e-value.
        tokens: Number of scored tokens.
        outside, near: As in `RowScores`, in all rows.
    """

    z: float | None
    log_e: float
    tokens: int
    outside: int
    near: int

    @property
    def p_value(self) -> float:
        """A bound on the probability of so much evidence against a shard that is a sample."""
        of_z = 1.0
        if self.z is not None and self.tokens >= _NORMAL:
            of_z = erfc(abs(self.z) / sqrt(2))  # both tails of the normal distribution
        return min(1.0, 2 * min(exp(-max(0.0, self.log_e)), of_z))

    @property
    def against(self) -> bool:
        """Whether the rows are no samples, with at most `FALSE_ALARMS` errors."""
        return self.outside > 0 or self.p_value <= FALSE_ALARMS


def evidence(rows: Sequence[RowScores]) -> Evidence:
    """Returns the evidence of a shard from the scores of its rows."""
    variance = sum(float(row.variance.sum()) for row in rows)
    excess = sum(float((row.surprisal - row.entropy).sum()) for row in rows)
    explanations = [
        (_WEIGHTS["temperature"], _temperature_ratios(rows).sum(axis=0)),
        (_WEIGHTS["rows"], _in_some_rows(_temperature_ratios(rows))),
        (_WEIGHTS["tails"], _tail_ratios(rows)),
    ]
    terms = np.concatenate(
        [np.log(weight / len(ratios)) + ratios for weight, ratios in explanations]
    )
    return Evidence(
        z=excess / variance**0.5 if variance > 0 else None,
        log_e=float(np.logaddexp.reduce(terms)),
        tokens=sum(len(row.surprisal) for row in rows),
        outside=sum(row.outside for row in rows),
        near=sum(row.near for row in rows),
    )


def _temperature_ratios(rows: Sequence[RowScores]) -> np.ndarray:
    """Returns [rows, len(TEMPERATURES)]: log likelihood ratios of each row.

    At the relative temperature t, a token of probability p has the probability p ** (1 / t) over
    the sum of all of these.
    """
    tilts = 1 - 1 / np.array(TEMPERATURES)
    ratios = [(np.outer(row.surprisal, tilts) - row.log_moments).sum(axis=0) for row in rows]
    found: np.ndarray = np.array(ratios).reshape(len(rows), len(TEMPERATURES))
    return found


def _in_some_rows(ratios: np.ndarray) -> np.ndarray:
    """Returns [explanations]: as `ratios` of all rows, if each row has it with chance `_ROWS`."""
    mixed: np.ndarray = np.logaddexp(np.log1p(-_ROWS), np.log(_ROWS) + ratios).sum(axis=0)
    return mixed


def _tail_ratios(rows: Sequence[RowScores]) -> np.ndarray:
    """Returns [len(_TAILS)]: log likelihood ratios of a higher share of improbable tokens.

    A token is in the tail if a token at most as probable has a probability of at most `tail`. The
    chance of it is at most `tail`, so each factor has an expectation of at most 1.
    """
    tails = np.concatenate([row.tail for row in rows]) if rows else np.ones(0)
    ratios = []
    for tail, share in _TAILS:
        found = int((tails <= tail).sum())
        others = np.log1p(-share) - np.log1p(-tail)
        ratios.append(found * np.log(share / tail) + (len(tails) - found) * others)
    found_ratios: np.ndarray = np.array(ratios)
    return found_ratios
