"""Quotas: how many rows of each group remain, and which."""

import json
import random
from collections import Counter

import pytest
from pydantic import ValidationError

from caco.config.checks import Corpus, Quota
from caco.errors import UserError
from caco.rows.rejected import Rejected
from caco.rows.solution import Solution
from caco.rows.table import read_rows, write_rows
from caco.rows.verified import Verified
from caco.stages.corpus.assemble import assemble, filter_rows
from caco.stages.corpus.quotas import bin_name, control, dropped_rows, group

BODIES = {
    "straight": "output = input['a'] + 1",
    "branch": "output = 1 if input['a'] > 3 else 2",
    "loop": "output = sum(x for x in [input['a']])",
}


@pytest.fixture
def rows(solution):
    """Makes rows with the operations, or the control flow, of a list."""

    def make(kinds, first=0, **changed):
        return [
            solution(n, program=f"input = {{'a': {n}}}\n{_body(kind)}\nprint(output)", **changed)
            for n, kind in enumerate(kinds, first)
        ]

    return make


def _body(kind):
    return BODIES[kind] if kind in BODIES else "output = input['a']" + " + 1" * kind


def select(rows, quotas):
    """Returns the accepted rows and the rejected ones."""
    settings = Corpus(quotas=quotas)
    dropped = dropped_rows(filter_rows(rows, settings, ()), settings.quotas)
    outcomes = list(filter_rows(rows, settings, (), dropped=dropped))
    assert len(outcomes) == len(rows)
    rejected = [row for row in outcomes if isinstance(row, Rejected)]
    return [row for row in outcomes if not isinstance(row, Rejected)], rejected


def operations(accepted):
    return Counter(row.operations for row in accepted)


def test_without_quotas_every_row_remains(rows):
    made = rows([1, 2, 3] * 5)
    accepted, rejected = select(made, {})
    assert (len(accepted), rejected) == (15, [])


def test_each_range_has_at_most_so_many_rows(rows):
    made = rows([0, 1, 1, 1, 2, 3, 3, 4, 9])
    accepted, rejected = select(made, {"operations": Quota(bins=[1, 3], rows=2)})
    found = operations(accepted)
    assert (found[0], found[1] + found[2], found[3] + found[4] + found[9]) == (1, 2, 2)
    assert {row.verdict for row in rejected} == {"over_quota"}
    reasons = Counter(row.reason for row in rejected)
    assert reasons == {
        "the corpus has 2 of the 4 rows with operations 1 to 2": 2,
        "the corpus has 2 of the 4 rows with operations 3 or more": 2,
    }
    dropped = json.loads(rejected[0].row)
    assert dropped["program"] in {row.program for row in made}


@pytest.mark.parametrize(
    ("sizes", "share", "left"),
    [
        ({1: 90, 2: 10}, 0.5, {1: 10, 2: 10}),
        ({1: 90, 2: 10}, 0.6, {1: 15, 2: 10}),
        ({1: 90, 2: 10}, 0.9, {1: 90, 2: 10}),
        ({1: 60, 2: 30, 3: 10}, 0.4, {1: 20, 2: 20, 3: 10}),
        ({1: 3, 2: 3, 3: 3}, 1 / 3, {1: 3, 2: 3, 3: 3}),
    ],
)
def test_no_group_has_more_than_its_share(rows, sizes, share, left):
    made = rows([n for n, size in sizes.items() for _ in range(size)])
    accepted, _ = select(made, {"operations": Quota(bins=[2, 3], share=share)})
    found = operations(accepted)
    assert max(found.values()) <= share * len(accepted) + 1e-9
    assert found == left


def test_a_share_that_the_groups_cannot_hold_is_an_error(rows):
    quotas = {"operations": Quota(bins=[2, 3], share=0.4)}
    message = (
        r"`corpus.quotas.operations.share` is 0.4, which the 2 groups that have rows cannot hold "
        r"\(0 to 1: 5 rows, 3 or more: 1 rows\); raise it to at least 0.5,"
    )
    with pytest.raises(UserError, match=message):
        select(rows([1] * 5 + [7]), quotas)


def test_control_flow_and_style_are_groups(rows):
    made = [*rows(["straight"] * 4 + ["branch"] * 3 + ["loop"] * 2)]
    accepted, _ = select(made, {"control": Quota(rows=2)})
    assert Counter(map(control, accepted)) == {"straight": 2, "branch": 2, "loop": 2}
    styled = [*rows([1] * 5, style="a farm"), *rows([1] * 5, first=20)]
    accepted, _ = select(styled, {"style": Quota(rows=3)})
    assert Counter(row.style for row in accepted) == {"a farm": 3, None: 3}


def test_several_quotas_apply_one_after_another(rows):
    made = rows(["straight"] * 6 + ["loop"] * 6)
    quotas = {"control": Quota(rows=2), "operations": Quota(bins=[2], rows=5)}
    accepted, rejected = select(made, quotas)
    by_measure = Counter(row.reason.split(" with ")[1].split()[0] for row in rejected)
    assert by_measure["operations"] == 7  # of 12 rows below 2
    found = Counter(map(control, accepted))
    assert max(found.values()) == 2
    assert by_measure["control"] == 5 - found.total()


def test_a_row_that_another_check_rejects_fills_no_quota(rows):
    made = rows([1] * 4)
    doubled = [*made, *made]
    accepted, rejected = select(doubled, {"operations": Quota(bins=[2], rows=3)})
    assert len(accepted) == 3
    assert Counter(row.verdict for row in rejected) == {"duplicate_program": 4, "over_quota": 1}


def identities(outcomes):
    return {row.question_id for row in outcomes}


def test_the_choice_depends_on_the_rows_alone(rows):
    made = rows([1] * 40 + [5] * 40)
    quotas = {"operations": Quota(bins=[3], rows=10)}
    accepted, _ = select(made, quotas)
    shuffled = random.Random(0).sample(made, len(made))
    assert identities(select(shuffled, quotas)[0]) == identities(accepted)


def test_a_further_shard_replaces_rows_and_adds_none_of_the_old(rows):
    made, more = rows([1] * 40), rows([1] * 40, first=40)
    quotas = {"operations": Quota(bins=[3], rows=10)}
    before, after = (identities(select(some, quotas)[0]) for some in (made, made + more))
    assert len(after) == 10
    assert after != before
    assert after & identities(made) <= before


def test_the_assembly_counts_what_the_quotas_drop(tmp_path, rows):
    files = [tmp_path / f"{n:05d}.parquet" for n in range(2)]
    for n, file in enumerate(files):
        write_rows(file, Solution, rows([1] * 10, first=10 * n))
    write_rows(tmp_path / "verified.parquet", Verified, [])
    out, rejected = tmp_path / "corpus.parquet", tmp_path / "rejected.parquet"
    settings = Corpus(quotas={"operations": Quota(bins=[3], rows=7)})
    texts = []
    for order in (files, files[::-1]):
        programs = [tmp_path / "verified.parquet"]
        counts, _ = assemble(order, programs, (), settings, out, rejected, dict)
        assert (counts.accepted, counts.rejected) == (7, {"over_quota": 13})
        texts.append((out.read_bytes(), rejected.read_bytes()))
    assert texts[0] == texts[1]
    assert {row.verdict for row in read_rows(rejected, Rejected)} == {"over_quota"}


def test_names_of_groups(rows):
    assert [bin_name([1, 2, 5], n) for n in range(4)] == ["0", "1", "2 to 4", "5 or more"]
    (row,), _ = select(rows([3]), {})
    assert group(row, "operations", Quota(bins=[1, 3], rows=1)) == "3 or more"
    assert group(row, "control", Quota(rows=1)) == "straight"


@pytest.mark.parametrize(
    ("quota", "message"),
    [
        ({"difficulty": {"rows": 3}}, "needs `bins`, because difficulty is a number"),
        ({"control": {"rows": 3, "bins": [1]}}, "`quotas.control` has no `bins`"),
        ({"steps": {"bins": [2]}}, "set either `rows` or `share`"),
        ({"steps": {"bins": [2], "rows": 1, "share": 0.5}}, "set either `rows` or `share`"),
        ({"steps": {"bins": [4, 2], "rows": 1}}, "in ascending order"),
        ({"steps": {"bins": [0, 2], "rows": 1}}, "lower bounds from 1"),
        ({"steps": {"bins": [4], "share": 0.4}}, "cannot be held by 2 groups"),
        ({"control": {"share": 0.2}}, "cannot be held by 3 groups"),
        ({"domain": {"rows": 3}}, "Input should be"),
    ],
)
def test_a_quota_without_sense_is_refused(quota, message):
    with pytest.raises(ValidationError, match=message):
        Corpus.model_validate({"quotas": quota})
