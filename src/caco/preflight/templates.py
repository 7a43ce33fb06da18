"""Chat templates of the models that are on the disk before a run starts."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from caco.config.config import Config
from caco.config.models import LocalModel
from caco.errors import UserError
from caco.models.manifest import read_manifest
from caco.models.template import require_chat_template
from caco.preflight.disk import manifests_read
from caco.workflow.paths import Paths


def missing_templates(jobs: Iterable[Any], config: Config) -> list[UserError]:
    """Returns one error for each model that lacks the chat template with which it is prompted.

    Checks the models that these jobs read and that are on the disk: local folders, and models that
    were fetched before. The rule `model` checks the others when it has fetched them.

    Args:
        jobs: Snakemake's jobs that are to run; the manifests that they read are complete.
        config: The run.
    """
    jobs = list(jobs)
    read, made = manifests_read(jobs), {Path(file) for job in jobs for file in job.output}
    errors = []
    for name, key in config.chat_models().items():
        model, manifest = config.models[name], Path(Paths(config.run).model(name))
        if isinstance(model, LocalModel) and manifest in read | made:
            folder = Path(model.path).expanduser()
        elif manifest in read:
            folder = read_manifest(manifest).folder
        else:
            continue
        try:
            require_chat_template(folder, key)
        except UserError as error:
            errors.append(error)
    return errors
