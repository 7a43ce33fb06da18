"""Whether the checkpoints that a run's jobs will read are whole, by their manifests."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from caco.errors import UserError
from caco.models.manifest import read_manifest


def broken_models(jobs: Iterable[Any]) -> list[UserError]:
    """Returns one error for each checkpoint with a file that is gone or of another size.

    Only those are looked at that jobs of this run read and that none of them makes. Their digests
    were compared when they were made; a look at sizes takes no time.

    Args:
        jobs: Snakemake's jobs that are to run.
    """
    errors = []
    for manifest in sorted(manifests_read(jobs)):
        try:
            read_manifest(manifest)
        except UserError as error:
            errors.append(error)
    return errors


def manifests_read(jobs: Iterable[Any]) -> set[Path]:
    """Returns the manifests that are there for these jobs to read."""
    jobs = list(jobs)
    made = {str(file) for job in jobs for file in job.output}
    read = {str(file) for job in jobs for file in job.input if Path(file).name == "manifest.json"}
    return {path for path in map(Path, read - made) if path.exists()}
