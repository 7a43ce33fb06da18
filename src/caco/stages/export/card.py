"""The card of the export: that of the corpus, with the configurations and the licences."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from caco.config.export import Export
from caco.errors import UserError
from caco.licences import hub_identifiers, licences_of_whole, problem, terms
from caco.rows.table import Row, schema
from caco.stages.corpus.card import Sources, columns
from caco.text.templates import template_environment

_BEFORE = "## Columns\n"  # the section of the corpus's card before which the others are inserted
_TEMPLATE = template_environment(Path(__file__).parent).get_template("sections.md.j2")


@dataclass(frozen=True, slots=True)
class Configuration:
    """A part of the data set that is loaded by its name.

    Attributes:
        name: The name.
        file: Its Parquet file, relative to the folder.
        row_type: The type of its rows.
        rows: Number of its rows.
    """

    name: str
    file: str
    row_type: type[Row]
    rows: int


def exported_card(
    corpus_card: str, configurations: Sequence[Configuration], sources: Sources, settings: Export
) -> str:
    """Returns the card of the export.

    Args:
        corpus_card: The card of the corpus.
        configurations: The configurations; the first is the default one.
        sources: The number of seeds by source, licence and domain.
        settings: What happens if their licences exclude each other.

    Raises:
        UserError: They do and the setting is `refuse`, or `corpus_card` is not a card.
    """
    conflict = problem({source: licence for source, licence, _ in sources}, settings.allow)
    if conflict and settings.licences == "refuse":
        raise UserError(
            f"export: {conflict}; remove a source, or set `export.licences` to `warn` if you do "
            "not publish the corpus"
        )
    start, _, rest = corpus_card.partition("---\n")
    head, end, body = rest.partition("\n---\n")
    if start or not end:
        raise UserError(
            "--corpus-card: begins with no front matter; name the README.md in the corpus's folder"
        )
    seeds: Counter[str] = Counter()
    for (_, licence, _), n in sources.items():
        seeds[licence] += n
    whole = licences_of_whole(seeds)
    front = yaml.safe_load(head) | _front(configurations, whole)
    before, found, after = body.partition(_BEFORE)
    sections = _TEMPLATE.render(
        configurations=configurations,
        rlvr_columns=columns(configurations[-1].row_type),
        whole=whole,
        seeds=sorted(seeds.items()),
        named={name: sorted({s for s, of, _ in sources if of == name}) for name in seeds},
        terms=terms(seeds),
        conflict=conflict,
    )
    dumped = yaml.safe_dump(front, sort_keys=False, allow_unicode=True)
    return f"---\n{dumped}---\n{before}{sections}{found}{after}"


def _front(configurations: Sequence[Configuration], whole: Sequence[str]) -> dict[str, Any]:
    """Returns the entries of the front matter that differ from those of the corpus."""
    identifiers = hub_identifiers(whole) or ["unknown"]
    front: dict[str, Any] = {
        "license": identifiers[0] if len(identifiers) == 1 else identifiers,
        "tags": ["synthetic", "reasoning", "code", "rlvr"],
        "configs": [
            {
                "config_name": configuration.name,
                "default": configuration is configurations[0],
                "data_files": [{"split": "train", "path": configuration.file}],
            }
            for configuration in configurations
        ],
        "dataset_info": [
            {
                "config_name": configuration.name,
                "features": [_feature(field) for field in schema(configuration.row_type)],
            }
            for configuration in configurations
        ],
    }
    if "other" in identifiers:  # the hub requires the name then
        front["license_name"] = " and ".join(whole)
    return front


def _feature(field: "pa.Field[Any]") -> dict[str, Any]:
    """Returns a column in the format of `dataset_info`."""
    if pa.types.is_list(field.type):
        items = field.type.value_type
        return {"name": field.name, "list": [_feature(item) for item in items]}
    return {"name": field.name, "dtype": str(field.type)}
