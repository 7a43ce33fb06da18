"""The form of a record: the values on which every reader relies, with their types."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from caco.runtime.chain import load_record, located, no_record, run_folder


class _Values(BaseModel):
    model_config = ConfigDict(strict=True)


class _Maker(_Values):
    record: str
    digest: str


class _Rows(_Values):
    rows_in: int = Field(alias="in")
    accepted: int
    rejected: dict[str, int]


class _Gpus(_Values):
    visible: str | None
    devices: list[str]


class _Machine(_Values):
    os: str
    libc: str | None
    architecture: str
    cpu: str | None
    cores: int


class _Environment(_Values):
    interpreter: str
    packages: str
    nsjail: str | None
    variables: dict[str, str]


class _Unknown(BaseModel):
    """Machine and environment of a restored record."""

    model_config = ConfigDict(extra="forbid")


class _Record(_Values):
    """What `caco.runtime.provenance.record` writes; values with a default are of later versions."""

    record: str
    rule: str
    identity: str
    spec: dict[str, Any]
    code: str
    seed: int | None
    inputs: dict[str, str]
    outputs: dict[str, str]
    listed: dict[str, str] = {}
    made_by: dict[str, _Maker]
    rows: _Rows | None
    versions: dict[str, str]
    commit: str | None
    changes: str | None = None
    command: list[str] | None
    host: str
    kernel: str | None
    machine: _Machine | _Unknown = _Unknown()
    environment: _Environment | _Unknown = _Unknown()
    gpus: _Gpus
    slurm: dict[str, str]
    started: str
    ended: str
    seconds: float
    starts: list[dict[str, Any]]
    requested: dict[str, int] | None
    used: dict[str, float]
    restored: bool = False


def load_whole_record(path: Path) -> dict[str, Any]:
    """Returns the values of a record, which has all that readers rely on.

    Raises:
        UserError: As `load_record`; or a value is missing or of another type, or an output is not
            in the run.
    """
    values = load_record(path)
    try:
        _Record.model_validate(values)
    except ValidationError:
        raise no_record(path) from None
    if (run := run_folder(path)) is not None and not all(
        _is_inside(located(values, name, Path(run)), Path(run)) for name in values["outputs"]
    ):
        raise no_record(path)
    return values


def _is_inside(file: Path, run: Path) -> bool:
    """Tells whether a job may have written a file: no job of a run writes elsewhere."""
    return file.is_relative_to(run) and ".." not in file.relative_to(run).parts
