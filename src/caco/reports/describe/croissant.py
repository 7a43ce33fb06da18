"""Croissant metadata of a run's export: http://mlcommons.org/croissant/1.1.

The file lies in the folder of the export and names the Parquet files relative to it, so both can be
published together.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from caco.errors import UserError
from caco.reports.describe.run_crate import licences_of_run
from caco.rows.corpus import CorpusRow
from caco.rows.rlvr import RlvrRow
from caco.rows.table import Row
from caco.runtime.chain import located, record_digest
from caco.stages.corpus.card import columns
from caco.workflow.paths import Paths

FILE = "croissant.json"
_CONFIGURATIONS: Mapping[str, type[Row]] = {"sft": CorpusRow, "rlvr": RlvrRow}
# The context of the specification, version 1.1.
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(run: Path, jobs: Sequence[Mapping[str, Any]], url: str) -> dict[str, Any]:
    """Returns the content of the `croissant.json` of a run's export.

    Args:
        run: `results/{run}`.
        jobs: The records of the run, that of `export` among them.
        url: Where the data set is published.

    Raises:
        UserError: A file of the export is missing.
    """
    record = next(job for job in jobs if job["rule"] == "export")
    paths = Paths(run.name, str(run.parent))
    card = Path(paths.export_card())
    digests = {located(record, file, run): sha for file, sha in record["outputs"].items()}
    files = {name: Path(paths.exported(name)) for name in _CONFIGURATIONS}
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": f"caco-{run.name}",
        "description": (
            "Synthetic reasoning problems with worked solutions, each verified by the execution of "
            f"a program; record digest {record_digest(record)}"
        ),
        "license": list(licences_of_run(run, jobs).values()),
        "url": url,
        "version": "1.0.0",
        "datePublished": record["ended"],
        "keywords": ["synthetic", "reasoning", "code", "rlvr"],
        "inLanguage": "en",
        "isLiveDataset": False,
        "distribution": [
            _file_object(name, file, file.relative_to(card.parent).as_posix(), digests)
            for name, file in files.items()
        ],
        "recordSet": [_record_set(name, file) for name, file in files.items()],
    }


def _file_object(
    name: str, file: Path, content_url: str, digests: Mapping[Path, str]
) -> dict[str, Any]:
    if file not in digests or not file.exists():
        raise UserError(f"{file}: missing; run the workflow, rule `export` writes it")
    return {
        "@type": "cr:FileObject",
        "@id": f"{name}-file",
        "name": f"{name}-file",
        "contentUrl": content_url,
        "contentSize": f"{file.stat().st_size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": digests[file],
    }


def _record_set(name: str, file: Path) -> dict[str, Any]:
    row_type = _CONFIGURATIONS[name]
    meanings = {column: meaning for column, _, meaning in columns(row_type)}
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": " ".join((row_type.__doc__ or "").partition("\n\n")[0].split()),
        # A run of another version has other columns.
        "field": [
            _field(name, column, meanings.get(column.name, "")) for column in pq.read_schema(file)
        ],
    }


def _field(record_set: str, column: "pa.Field[Any]", meaning: str) -> dict[str, Any]:
    is_list = pa.types.is_list(column.type)
    found: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{record_set}/{column.name}",
        "name": column.name,
        "description": meaning,
        "source": {"fileObject": {"@id": f"{record_set}-file"}, "extract": {"column": column.name}},
    }
    if not is_list:
        return {**found, "dataType": _data_type(column.type)}
    found |= {"isArray": True, "arrayShape": "-1"}
    items = column.type.value_type
    if not pa.types.is_struct(items):
        return {**found, "dataType": _data_type(items)}
    return {
        **found,
        "subField": [
            {
                "@type": "cr:Field",
                "@id": f"{record_set}/{column.name}/{part.name}",
                "name": part.name,
                "dataType": _data_type(part.type),
                "source": {
                    "fileObject": {"@id": f"{record_set}-file"},
                    "extract": {"column": column.name},
                    "transform": {"jsonPath": f"$[*].{part.name}"},
                },
            }
            for part in items
        ],
    }


def _data_type(of: pa.DataType) -> str:
    if pa.types.is_boolean(of):
        return "sc:Boolean"
    if pa.types.is_integer(of):
        return "cr:Int64"
    return "cr:Float64" if pa.types.is_floating(of) else "sc:Text"
