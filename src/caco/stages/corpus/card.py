"""The data card of the corpus: columns, sources, counts and checks."""

import inspect
import re
from collections import Counter
from dataclasses import fields
from pathlib import Path

import yaml

from caco.config.checks import Corpus
from caco.rows.corpus import CorpusRow
from caco.rows.seed import Seed
from caco.rows.table import Row, count_rows, read_all, schema
from caco.runtime.atomic_files import write_text
from caco.runtime.provenance import Counts
from caco.stages.corpus.families import Families
from caco.stages.corpus.statement_counts import StatementCounts, statement_counts
from caco.text.templates import template_environment

_ENTRY = re.compile(r"    (\w[\w, \n]*?): (.*)", re.DOTALL)


def columns(row_type: type[Row]) -> list[tuple[str, str, str]]:
    """Returns the name, Arrow type and meaning of every column, in order.

    The meanings are the entries of `Attributes:` in the docstring of `row_type`; one entry may name
    several columns.

    Raises:
        ValueError: The docstring does not explain a column.
    """
    _, _, attributes = (inspect.getdoc(row_type) or "").partition("Attributes:\n")
    meanings: dict[str, str] = {}
    for entry in re.split(r"\n(?=    \S)", attributes.rstrip()):
        if found := _ENTRY.match(entry):
            meaning = " ".join(found[2].split())
            meanings |= dict.fromkeys((n.strip() for n in found[1].split(",")), meaning)
    names = [f.name for f in fields(row_type)]
    if missing := [name for name in names if name not in meanings]:
        raise ValueError(f"the docstring of {row_type.__name__} does not explain {missing}")
    types = schema(row_type)
    return [(name, str(types.field(name).type), meanings[name]) for name in names]


Sources = dict[tuple[str, str, str], int]  # (source, licence, domain) -> seeds

# The size categories of the Hugging Face hub, each with its upper bound (exclusive).
_SIZES = (
    ("n<1K", 10**3), ("1K<n<10K", 10**4), ("10K<n<100K", 10**5), ("100K<n<1M", 10**6),
    ("1M<n<10M", 10**7), ("10M<n<100M", 10**8), ("100M<n<1B", 10**9),
)  # fmt: skip
_ENVIRONMENT = template_environment(Path(__file__).parent)


def write_card(
    path: Path,
    corpus: Path,
    counts: Counts,
    families: Families,
    seeds: list[Path],
    problems: list[Path],
    settings: Corpus,
) -> None:
    """Writes the card.

    Args:
        path: The file to write: `README.md` in the folder of the corpus.
        corpus: The corpus.
        counts: Counts of the corpus.
        families: Families of the judged rows' programs.
        seeds: Files of the training seeds (`Seed` rows).
        problems: Files of the benchmarks' problems that the corpus was compared with.
        settings: Which checks were on.
    """
    count = sum(count_rows(file, Seed) for file in problems)
    sources, statements = seed_sources(seeds), statement_counts(corpus)
    write_text(path, card(counts, families, sources, count, settings, statements))


def seed_sources(seeds: list[Path]) -> Sources:
    """Returns the number of seeds by source, licence and domain."""
    return Counter((seed.source, seed.licence, seed.domain) for seed in read_all(seeds, Seed))


def card(
    counts: Counts,
    families: Families,
    sources: Sources,
    problems: int,
    settings: Corpus,
    statements: StatementCounts,
) -> str:
    """Returns the card: YAML front matter in the format of the Hugging Face hub, then Markdown.

    Args:
        counts: Counts of the corpus.
        families: Families of the judged rows' programs.
        sources: The result of `seed_sources`.
        problems: Number of benchmark problems that the corpus was compared with.
        settings: Which checks were on.
        statements: The statements in the solutions.
    """
    described = columns(CorpusRow)
    return _ENVIRONMENT.get_template("card.md.j2").render(
        front=yaml.safe_dump(
            _front(counts.accepted, sources, described), sort_keys=False, allow_unicode=True
        ),
        counts=counts,
        families=families,
        sources=[(*key, n) for key, n in sorted(sources.items())],
        columns=described,
        problems=problems,
        settings=settings,
        statements=statements,
    )


def _front(rows: int, sources: Sources, described: list[tuple[str, str, str]]) -> dict[str, object]:
    """Returns the front matter as plain values."""
    # The hub has no expressions; the card of the export has the licence of the whole.
    names = {"other" if " " in licence else licence.lower() for _, licence, _ in sources}
    licences = sorted(names) or ["unknown"]
    return {
        "pretty_name": "Caco corpus",
        "license": licences[0] if len(licences) == 1 else licences,
        "language": ["en"],
        "task_categories": ["text-generation"],
        "tags": ["synthetic", "reasoning", "code"],
        "size_categories": [next((name for name, end in _SIZES if rows < end), "1B<n<10B")],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": "train", "path": "train.parquet"}],
            }
        ],
        "dataset_info": {
            "features": [{"name": name, "dtype": dtype} for name, dtype, _ in described],
        },
    }
