"""Whether the disk has room for what a run is still to write."""

import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from caco.config.config import Config
from caco.config.models import LocalModel
from caco.config.plan import Assumptions
from caco.config.training import FineTune
from caco.errors import ClusterError
from caco.reports.plan.estimate import estimate
from caco.reports.plan.input_sizes import input_sizes
from caco.workflow.paths import Paths

# Bytes of a parameter: in a model from outside (bf16); in a fine-tuned one; in the checkpoint that
# a training keeps to go on from: Adam's two moments, and fp32 weights beside those of bf16.
_GIVEN = 2
_TUNED = {"bf16": 2, "fp32": 4}
_KEPT = {"bf16": 14, "fp32": 12}
_AT_ONCE = 2  # a kept checkpoint goes when the next one is whole
# Trainings that may run side by side; the student comes after both.
_TOGETHER = ({"codegen", "writer"}, {"student"})
_SMALLEST_GB = 0.1  # what is not worth a word of its own in the sentence


def too_little_room(
    jobs: Sequence[Any], config: Config, assumed: Assumptions
) -> list[ClusterError]:
    """Returns an error if less is free where the results lie than the jobs are to write.

    Rows are counted as `scripts/plan.py` does. Checkpoints are counted by the size of the model
    that they are made from: of one that is not here yet (a hub's, before its first run) nothing is
    known, and nothing counts. A quota is seen where the file system tells of it.

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
            f"{folder.resolve()}: {free:.1f} GB are free, and this run is to write about "
            f"{sum(needed.values()):.1f} GB "
            f"({', '.join(f'{name} {large[name]:.1f}' for name in by_size)}); make room, or make "
            "`results` a link to a folder on a larger file system"
        )
    ]


def planned_gb(jobs: Sequence[Any], config: Config, assumed: Assumptions) -> Mapping[str, float]:
    """Returns the gigabytes that the jobs are to write, by stage."""
    waiting = Counter(job.rule.name for job in jobs)
    stages = {s.name: s for s in estimate(config, input_sizes(config), assumed).stages}
    needed = {
        name: stage.disk_gb * min(1.0, waiting[name] / stage.jobs)
        for name, stage in stages.items()
        if waiting[name]
    }
    kept: dict[str, float] = {}
    for job in jobs:
        section = getattr(config, name := job.rule.name, None)
        if not isinstance(section, FineTune) or name not in stages:
            continue
        parameters = _model_bytes(config, section.model) / _GIVEN
        precision = section.training.precision
        needed[name] = parameters * _TUNED[precision] / 1e9
        if stages[name].gpu_h * 3600 > job.resources.get("save_every_s"):
            kept[name] = _AT_ONCE * parameters * _KEPT[precision] / 1e9
    most = max(sum(kept.get(name, 0.0) for name in names) for names in _TOGETHER)
    return needed | {"checkpoints of trainings that run": most}


def _model_bytes(config: Config, name: str) -> int:
    """Returns the bytes of a model's files, 0 where they are not here yet."""
    manifest, model = Path(Paths(config.run).model(name)), config.models[name]
    if manifest.exists():
        files = json.loads(manifest.read_text(encoding="utf-8"))["files"]
        return sum(file["bytes"] for file in files.values())
    if isinstance(model, LocalModel):
        weights = Path(model.path).expanduser().glob("*.safetensors")
        return sum(file.stat().st_size for file in weights)
    return 0


def _existing(folder: Path) -> Path:
    """Returns the folder, or the nearest one above it that is there."""
    while not folder.exists():
        folder = folder.parent
    return folder
