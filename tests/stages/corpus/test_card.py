import dataclasses
from collections import Counter

import pytest
import yaml

from caco.config.checks import Corpus, Decontaminate
from caco.rows.corpus import CorpusRow
from caco.rows.seed import Seed
from caco.rows.table import write_rows
from caco.runtime.provenance import Counts
from caco.stages.corpus.assemble import corpus_row
from caco.stages.corpus.card import card, columns, seed_sources, write_card
from caco.stages.corpus.families import Families, Family
from caco.stages.corpus.statement_counts import StatementCounts, statement_counts

COUNTS = Counts(1_300, 1_200, {"duplicate_program": 60, "contaminated": 40})
STATED = StatementCounts(1_200, 1_100, 5_000, 4_000, 0)
FAMILIES = Families(
    constant={b"\1" * 16},
    largest=[
        (b"\1" * 16, Family(accepted=4, answer=b"3", outputs=Counter({b"3": 10, b"4": 1_190}))),
        (b"\2" * 16, Family(accepted=2, answer=b"3", outputs=Counter({b"3": 10}))),
        (b"\3" * 16, Family(accepted=2, answer=None, outputs=Counter({b"3": 1, b"4": 1}))),
    ],
)
SOURCES = {("families", "Apache-2.0", "math"): 476, ("gsm8k", "MIT", "math"): 7_473}


def front(text):
    return yaml.safe_load(text.split("---\n")[1])


def test_the_front_matter_has_the_format_of_the_hub():
    values = front(card(COUNTS, FAMILIES, SOURCES, 84, Corpus(), STATED))
    assert values["license"] == ["apache-2.0", "mit"]
    assert values["size_categories"] == ["1K<n<10K"]
    assert values["configs"][0]["data_files"] == [{"split": "train", "path": "train.parquet"}]
    assert [f["name"] for f in values["dataset_info"]["features"]] == [
        f.name for f in dataclasses.fields(CorpusRow)
    ]


def test_a_single_licence_is_no_list():
    assert (
        front(card(COUNTS, FAMILIES, {("a", "MIT", "math"): 1}, 0, Corpus(), STATED))["license"]
        == "mit"
    )


def test_an_expression_is_another_licence_on_the_hub():
    sources = {("a", "MIT OR Apache-2.0", "math"): 1, ("b", "MIT", "math"): 1}
    text = card(COUNTS, FAMILIES, sources, 0, Corpus(), STATED)
    assert front(text)["license"] == ["mit", "other"]
    assert "| a | MIT OR Apache-2.0 | math | 1 |" in text


def test_the_card_lists_columns_sources_and_counts():
    text = card(COUNTS, FAMILIES, SOURCES, 84, Corpus(), STATED)
    assert "| `instruction` | string | The problem. |" in text
    assert "| `program_id` | string | Identities of its parents. |" in text
    assert "| gsm8k | MIT | math | 7,473 |" in text
    assert "| checked rows read | 1,300 |\n|---|---:|\n| in the corpus | 1,200 |" in text
    assert "| rejected: `contaminated` | 40 |\n| rejected: `duplicate_program` | 60 |" in text


def test_the_card_shows_the_acceptance_by_family():
    text = card(COUNTS, FAMILIES, SOURCES, 84, Corpus(), STATED)
    assert "1 families have\nconstant answers" in text
    assert "| `010101010101` | 1,200 | 2 | 4 | constant |" in text
    assert "| `020202020202` | 10 | 1 | 2 | one |" in text
    assert "| `030303030303` | 2 | 2 | 2 | several |" in text
    assert "No row's program is of a family with constant answers" in text
    off = card(COUNTS, FAMILIES, SOURCES, 84, Corpus(constant_answers=False), STATED)
    assert "No row's program is of a family" not in off
    assert "`corpus.constant_answers` was off" in off


def test_the_card_lists_the_quotas():
    quotas = {"difficulty": {"bins": [4, 8], "share": 0.5}, "control": {"rows": 2_000}}
    settings = Corpus.model_validate({"quotas": quotas})
    text = card(COUNTS, FAMILIES, SOURCES, 84, settings, STATED)
    assert "with one difficulty (in ranges from 4, 8), no more than\n  0.5 of the rows" in text
    assert "with one control, no more than\n  2,000 rows remain" in text
    assert "over_quota" not in card(COUNTS, FAMILIES, SOURCES, 84, Corpus(), STATED)


def test_the_card_names_the_limits_of_the_pass_rate():
    text = card(COUNTS, FAMILIES, SOURCES, 84, Corpus(pass_rates=[0.1, 0.9]), STATED)
    assert "solved each problem in 0.1 to 0.9 of its sampled answers (`pass_rate`)." in text
    assert "sampled answers (" not in card(COUNTS, FAMILIES, SOURCES, 84, Corpus(), STATED)


OFF = Decontaminate(layers=[], held_out=[])


def test_the_card_lists_only_checks_that_were_on():
    both = card(COUNTS, FAMILIES, SOURCES, 84, Corpus(), STATED)
    assert "one of 84 benchmark problems" in both
    assert "No two rows have the same program" in both
    several = card(COUNTS, FAMILIES, SOURCES, 84, Corpus(per_program=3), STATED)
    assert "No more than 3 rows have the same program" in several
    neither = card(
        COUNTS, FAMILIES, SOURCES, 84, Corpus(deduplicate=False, decontaminate=OFF), STATED
    )
    assert "one of 84 benchmark problems" not in neither
    assert "No two rows" not in neither
    assert "`corpus.deduplicate` was off" in neither
    assert "`corpus.decontaminate.layers` was empty" in neither
    assert "there were no benchmark problems" in card(
        COUNTS, FAMILIES, SOURCES, 0, Corpus(), STATED
    )


def test_seeds_are_counted_by_source_licence_and_domain(tmp_path, seed):
    file = tmp_path / "seeds.parquet"
    write_rows(file, Seed, [seed("a"), seed("b"), seed("c", "gsm8k", "MIT")])
    assert seed_sources([file]) == {
        ("families", "Apache-2.0", "math"): 2,
        ("gsm8k", "MIT", "math"): 1,
    }


def test_statements_are_summed_over_the_corpus(tmp_path, solution):
    rows = [
        solution(1, statements=5, checked_statements=4, false_statements=1),
        solution(2, statements=2, checked_statements=0, false_statements=0),
        solution(3),  # without a check
    ]
    write_rows(tmp_path / "train.parquet", CorpusRow, map(corpus_row, rows))
    found = statement_counts(tmp_path / "train.parquet")
    assert found == StatementCounts(rows=3, rows_checked=1, found=7, checked=4, false=1)
    text = card(COUNTS, FAMILIES, SOURCES, 84, Corpus(), found)
    assert "7 statements about numbers" in text and "4 (57.1%) were computed, in 1 rows" in text


def test_the_card_is_written_as_utf8_text(tmp_path, seed, solution):
    problems = tmp_path / "problems.parquet"
    write_rows(problems, Seed, [seed("a"), seed("b")])
    path = tmp_path / "README.md"
    corpus = tmp_path / "train.parquet"
    write_rows(corpus, CorpusRow, [corpus_row(solution(1))])
    write_card(path, corpus, COUNTS, FAMILIES, [], [problems], Corpus())
    text = path.read_text(encoding="utf-8")
    assert text.startswith("---\npretty_name: Caco corpus\n")
    assert "one of 2 benchmark problems" in text
    assert front(text)["license"] == "unknown"


def test_an_undocumented_column_is_an_error():
    @dataclasses.dataclass(frozen=True)
    class Incomplete:
        """A row.

        Attributes:
            documented: A column.
        """

        documented: str
        undocumented: str

    with pytest.raises(ValueError, match=r"Incomplete does not explain \['undocumented'\]"):
        columns(Incomplete)
