"""What is on the disk: complete models for the jobs to read, and space for what they write."""

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from caco.config.config import Config
from caco.config.models import LocalModel
from caco.config.plan import Assumptions
from caco.config.training import FineTune
from caco.errors import ClusterError, UserError
from caco.models.manifest import read_manifest
from caco.reports.planning.plan import estimate, input_sizes
from caco.workflow.paths import Paths

# Bytes per parameter: of a staged model (bf16), of a fine-tuned model, and of the checkpoint from
# which a training resumes: Adam's two moments, and fp32 weights in addition to those of bf16.
_STAGED = 2
_FINE_TUNED = {"bf16": 2, "fp32": 4}
_CHECKPOINT = {"bf16": 14, "fp32": 12}
_CHECKPOINT_OF_BF16_OPTIMIZER = 8  # moments and the weights that they update, all in bf16
_CHECKPOINTS_AT_ONCE = 2  # the older of two is deleted when the next one is begun
# Trainings that may run at the same time; the students are trained after both others.
_CONCURRENT = ({"codegen", "writer"}, {"student", "ablation_student"})
_SMALLEST_GB = 0.1  # smaller items are not listed in the message


def incomplete_models(jobs: Iterable[Any]) -> list[UserError]:
    """Returns one error for each model with a file that is missing or has another size.

    Checks the models that jobs of this run read and that none of them makes. Their digests were
    compared when they were made; comparing sizes takes no time.

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
    """Returns the existing manifests that these jobs read and do not make."""
    jobs = list(jobs)
    made = {str(file) for job in jobs for file in job.output}
    read = {str(file) for job in jobs for file in job.input if Path(file).name == "manifest.json"}
    return {path for path in map(Path, read - made) if path.exists()}


def insufficient_space(
    jobs: Sequence[Any], config: Config, assumed: Assumptions
) -> list[ClusterError]:
    """Returns an error if the file system of the results has too little free space for the jobs.

    Rows are counted as `scripts/plan.py` does. Checkpoints are counted by the size of the model
    that they are trained from; a model that is not staged yet (from a hub, before its first run)
    counts as zero. A quota counts where the file system reports it.

    Args:
        jobs: Snakemake's jobs that are to run.
        config: The run.
        assumed: Lengths and shares of rows, and the rate of training.
    """
    needed = planned_gb(jobs, config, assumed)
    folder = _existing(Path(Paths(config.run).root))
    free = shutil.disk_usage(folder).free / 1e9
    if sum(needed.values()) <= free:
        return []
    large = {name: gb for name, gb in needed.items() if gb >= _SMALLEST_GB}
    by_size = sorted(large, key=lambda name: -large[name])
    return [
        ClusterError(
            f"{folder.resolve()}: {free:.1f} GB are free, but this run writes about "
            f"{sum(needed.values()):.1f} GB "
            f"({', '.join(f'{name} {large[name]:.1f}' for name in by_size)}); free some space, or "
            "make `results` a link to a folder on a larger file system"
        )
    ]


def planned_gb(jobs: Sequence[Any], config: Config, assumed: Assumptions) -> Mapping[str, float]:
    """Returns the gigabytes that the jobs are to write, by stage."""
    try:
        sizes = input_sizes(config)
    except UserError:  # a file that none of these jobs reads, or whose job reports it
        return {}
    pending = Counter(job.rule.name for job in jobs)
    stages = {s.name: s for s in estimate(config, sizes, assumed).stages}
    needed = {
        name: stage.disk_gb * min(1.0, pending[name] / stage.jobs)
        for name, stage in stages.items()
        if pending[name]
    }
    checkpoints: dict[str, float] = {}
    for job in jobs:
        name = job.rule.name
        section = getattr(config, "student" if name == "ablation_student" else name, None)
        if not isinstance(section, FineTune) or name not in stages:
            continue
        parameters = _model_bytes(config, section.model) / _STAGED
        training = section.training
        trained = pending[name]
        needed[name] = trained * parameters * _FINE_TUNED[training.precision] / 1e9
        if stages[name].gpu_h * 3600 / stages[name].jobs > job.resources.get("save_every_s"):
            of_parameter = _CHECKPOINT[training.precision]
            if training.optimizer_precision == "bf16":
                of_parameter = _CHECKPOINT_OF_BF16_OPTIMIZER
            gb = _CHECKPOINTS_AT_ONCE * parameters * of_parameter / 1e9
            checkpoints[name] = trained * gb
    most = max(sum(checkpoints.get(name, 0.0) for name in names) for names in _CONCURRENT)
    return needed | {"checkpoints of running trainings": most}


def _model_bytes(config: Config, name: str) -> int:
    """Returns the bytes of a model's files, 0 if the model is not staged yet."""
    manifest, model = Path(Paths(config.run).model(name)), config.models[name]
    if manifest.exists():
        files = json.loads(manifest.read_text(encoding="utf-8"))["files"]
        return sum(file["bytes"] for file in files.values())
    if isinstance(model, LocalModel):
        weights = Path(model.path).expanduser().glob("*.safetensors")
        return sum(file.stat().st_size for file in weights)
    return 0


def _existing(folder: Path) -> Path:
    """Returns the folder, or its nearest ancestor that exists."""
    while not folder.exists():
        folder = folder.parent
    return folder
