"""A run as a Provenance Run Crate: RO-Crate metadata of every job and file, from the records.

The profile is that of https://w3id.org/ro/wfrun/provenance/0.5, which includes Workflow Run Crate
and Process Run Crate. Each rule is a tool and a step, each job an action. The same records give the
same bytes, whenever and wherever the crate is written.
"""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from caco.errors import UserError
from caco.identity import canonical_json
from caco.licences import known, licences_of_whole
from caco.reports.record_form import load_whole_record
from caco.reports.records import planned_jobs
from caco.runtime.chain import job_name, located, record_digest, root_digest
from caco.runtime.checksums import json_sha256
from caco.workflow.paths import Paths
from caco.workflow.stages import WITHOUT_ROWS

FILE = "ro-crate-metadata.json"
MAIN = "Snakefile"
_CONTEXT = (
    "https://w3id.org/ro/crate/1.1/context",
    "https://w3id.org/ro/terms/workflow-run/context",
)
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
_FORMATS = {
    ".parquet": "application/vnd.apache.parquet", ".json": "application/json",
    ".md": "text/markdown", ".html": "text/html",
}  # fmt: skip
_LANGUAGE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
_ENGINE = "#snakemake"
_UNITS = {"s": "SEC", "mb": "4L"}  # UN/CEFACT: second, megabyte
_RUN = "#run"

_Values = Mapping[str, Any]  # of a record
_Entity = dict[str, Any]


def read_jobs(run: Path) -> list[_Values]:
    """Returns the records of a finished run, in the order of the data.

    Args:
        run: `results/{run}`.

    Raises:
        UserError: No run was started there, or a record is missing or torn.
    """
    paths = Paths(run.name, str(run.parent))
    return [
        load_whole_record(Path(paths.provenance(rule, identity)))
        for rule, identities in planned_jobs(run).items()
        for identity in identities
    ]


def run_crate(run: Path, jobs: Sequence[_Values]) -> dict[str, Any]:
    """Returns the content of a run's `ro-crate-metadata.json`.

    The folder also needs the file `Snakefile`, the main workflow.

    Args:
        run: `results/{run}`.
        jobs: As `read_jobs` returns them.

    Raises:
        UserError: A file of the run is missing.
    """
    graph = {entity["@id"]: entity for entity in _of_jobs(run, jobs)}
    files = [name for name, entity in graph.items() if entity["@type"] == "File"]
    actions = [name for name, entity in graph.items() if entity["@type"] == "CreateAction"]
    controls = [name for name, entity in graph.items() if entity["@type"] == "ControlAction"]
    tools = [name for name, entity in graph.items() if entity["@type"] == "SoftwareSourceCode"]
    steps = [name for name, entity in graph.items() if entity["@type"] == "HowToStep"]
    started, ended = min(job["started"] for job in jobs), max(job["ended"] for job in jobs)
    root = root_digest(
        (job["rule"], job["identity"], record_digest(job))
        for job in jobs
        if job["rule"] not in WITHOUT_ROWS
    )
    licences = [
        {"@id": uri, "@type": "CreativeWork", "name": name}
        for name, uri in licences_of_run(run, jobs).items()
    ]
    head: list[_Entity] = [
        {
            "@id": FILE, "@type": "CreativeWork", "about": _ref("./"),
            "conformsTo": _refs(
                ("https://w3id.org/ro/crate/1.1", "https://w3id.org/workflowhub/workflow-ro-crate/1.0")
            ),
        },
        {
            "@id": "./", "@type": "Dataset", "name": f"Caco run {run.name}",
            "description": (
                "Seed problems, verified programs, problems with worked solutions, the corpus and "
                f"the models and scores that follow from it; root digest {root}"
            ),
            "identifier": root, "datePublished": ended,
            "license": _refs(one["@id"] for one in licences),
            "conformsTo": _refs(_PROFILES), "mainEntity": _ref(MAIN),
            "hasPart": _refs((MAIN, *files)), "mentions": _refs((_RUN, *actions)),
        },
        {
            "@id": MAIN,
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            "name": "Caco", "programmingLanguage": _ref(_LANGUAGE), "version": _commits(jobs),
            "encodingFormat": "text/plain", "hasPart": _refs(tools), "step": _refs(steps),
            "conformsTo": _ref("https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"),
        },
        {
            "@id": _RUN, "@type": "CreateAction", "name": f"Run {run.name}",
            "description": f"All jobs of {run.name}", "instrument": _ref(MAIN),
            "startTime": started, "endTime": ended,
            "actionStatus": "http://schema.org/CompletedActionStatus",
            "object": _refs(name for name in graph if name.startswith("#outside/")),
            "result": _refs(files),
        },
        {
            "@id": "#orchestration", "@type": "OrganizeAction", "name": "Snakemake",
            "instrument": _ref(_ENGINE), "object": _refs(controls), "result": _ref(_RUN),
        },
        {
            "@id": _ENGINE, "@type": "SoftwareApplication", "name": "Snakemake",
            "url": "https://snakemake.github.io",
        },
        {"@id": _LANGUAGE, "@type": "ComputerLanguage", "name": "Snakemake",
         "url": _ref("https://snakemake.github.io")},
        *({"@id": uri, "@type": "CreativeWork", "name": name,
           "version": uri.rpartition("/")[2]} for uri, name in _PROFILES.items()),
        *licences,
    ]  # fmt: skip
    return {"@context": list(_CONTEXT), "@graph": [*head, *graph.values()]}


def licences_of_run(run: Path, jobs: Iterable[_Values]) -> dict[str, str]:
    """Returns the name and URI of each licence of a run's data as a whole.

    They follow from the licences of its seeds.
    """
    paths = Paths(run.name, str(run.parent))
    seeds = [Path(paths.seeds(job["identity"])) for job in jobs if job["rule"] == "seeds"]
    # A run of another version has other columns, and can be described too.
    found = (pq.read_table(file, columns=["licence"]).column(0).unique() for file in seeds)
    names = licences_of_whole({str(licence) for values in found for licence in values.to_pylist()})
    return {
        name: f"https://spdx.org/licenses/{name}" if known(name) else f"#licence/{name}"
        for name in names
    }


def commits_of(jobs: Iterable[_Values]) -> set[str | None]:
    """Returns the commits with which the jobs of a run were run; None for an unknown one."""
    return {job["commit"] for job in jobs}


def _of_jobs(run: Path, jobs: Sequence[_Values]) -> Iterable[_Entity]:
    rules = list(dict.fromkeys(job["rule"] for job in jobs))
    for position, rule in enumerate(rules):
        of_rule = [job for job in jobs if job["rule"] == rule]
        packages = sorted({item for job in of_rule for item in job["versions"].items()})
        yield {
            "@id": f"#tool/{rule}", "@type": "SoftwareSourceCode",
            "name": of_rule[0]["command"][0],
            # Which code decides the rows depends on the settings of a job.
            "version": ", ".join(sorted({job["code"] for job in of_rule})),
            "softwareRequirements": _refs(_package(*item) for item in packages),
        }  # fmt: skip
        for name, version in packages:
            yield {
                "@id": _package(name, version), "@type": "SoftwareApplication", "name": name,
                "softwareVersion": version,
            }  # fmt: skip
        yield {
            "@id": f"#step/{rule}", "@type": "HowToStep", "name": rule,
            "position": str(position), "workExample": _ref(f"#tool/{rule}"),
        }  # fmt: skip
    for job in jobs:
        yield from _of_job(run, job)


def _of_job(run: Path, job: _Values) -> Iterable[_Entity]:
    name = f"{job['rule']}/{job['identity']}"
    inputs = [_file(run, job, file, sha) for file, sha in job["inputs"].items()]
    outputs = [_file(run, job, file, sha) for file, sha in job["outputs"].items()]
    settings = canonical_json(job["spec"])
    setting = f"#settings/{json_sha256(job['spec'])[:16]}"
    usage = [
        {
            "@id": f"#usage/{name}/{key}", "@type": "PropertyValue", "name": key,
            "propertyID": key, "value": str(value),
            **({"unitCode": _UNITS[unit]} if (unit := key.rpartition("_")[2]) in _UNITS else {}),
        }
        for key, value in {"wall_s": job["seconds"], **job["used"]}.items()
    ]  # fmt: skip
    restored = "; its record was restored, so when and where it ran is unknown"
    yield {
        "@id": f"#job/{name}", "@type": "CreateAction", "name": job_name(job),
        "description": f"{shlex.join(job['command'][:1])} on {job['host']}, "
        f"record digest {record_digest(job)}{restored if job.get('restored') else ''}",
        "instrument": _ref(f"#tool/{job['rule']}"),
        "startTime": job["started"], "endTime": job["ended"],
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "object": _refs((setting, *(one["@id"] for one in inputs))),
        "result": _refs(one["@id"] for one in outputs),
        "resourceUsage": _refs(one["@id"] for one in usage),
        "subjectOf": _ref(_id_in(run, job["record"], job)),
    }  # fmt: skip
    yield {
        "@id": f"#control/{name}", "@type": "ControlAction", "name": f"Start of {job_name(job)}",
        "instrument": _ref(f"#step/{job['rule']}"), "object": _ref(f"#job/{name}"),
    }  # fmt: skip
    yield {
        "@id": setting, "@type": "PropertyValue", "name": f"settings of {job['rule']}",
        "value": settings,
    }  # fmt: skip
    yield {
        "@id": _id_in(run, job["record"], job), "@type": "File",
        "name": f"record of {job_name(job)}",
        "encodingFormat": _FORMATS[".json"], "about": _ref(f"#job/{name}"),
    }  # fmt: skip
    # The record of another job, which the report reads, is described with that job.
    yield from (one for one in inputs if not one["@id"].startswith("provenance/"))
    yield from outputs
    yield from usage


def _file(run: Path, job: _Values, file: str, sha256: str) -> _Entity:
    """Returns a file of the run; or, as no part of the crate, a file from outside."""
    path, name = located(job, file, run), _id_in(run, file, job)
    if name.startswith("#"):
        return {"@id": name, "@type": "CreativeWork", "name": file, "sha256": sha256}
    if not path.exists():
        raise UserError(
            f"{path}: the file is missing, although {job['record']} names it; run the workflow "
            "again, or restore the file"
        )
    return {
        "@id": name, "@type": "File", "name": name, "sha256": sha256,
        "contentSize": str(path.stat().st_size),
        "encodingFormat": _FORMATS.get(path.suffix, "application/octet-stream"),
    }  # fmt: skip


def _id_in(run: Path, file: str, job: _Values) -> str:
    path = located(job, file, run)
    return path.relative_to(run).as_posix() if path.is_relative_to(run) else f"#outside/{file}"


def _commits(jobs: Iterable[_Values]) -> str:
    return ", ".join(sorted(commit or "unknown" for commit in commits_of(jobs)))


def _package(name: str, version: str) -> str:
    return f"#package/{name}/{version}"


def _ref(name: str) -> dict[str, str]:
    return {"@id": name}


def _refs(names: Iterable[str]) -> list[dict[str, str]] | dict[str, str]:
    """Returns references to entities; a single one is no list."""
    found = [_ref(name) for name in dict.fromkeys(names)]
    return found[0] if len(found) == 1 else found
