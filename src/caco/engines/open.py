"""The engine that a section of the config asks for, and its journal."""

from pathlib import Path

from caco.config.engines import Engine as Settings
from caco.config.engines import ServerEngine as ServerSettings
from caco.config.engines import VllmEngine as VllmSettings
from caco.engines.journal import Journal, Journaled
from caco.engines.protocol import Engine
from caco.gpus import groups


def open_engine(folder: Path, section: Settings) -> Engine:
    """Returns an engine over the checkpoint in `folder`; nothing is loaded yet.

    Where the job has GPUs for several, there is a copy of the model on each.

    Args:
        folder: An ordinary transformers checkpoint with its tokenizer, or a served model's folder.
        section: Which engine, and its settings.
    """
    # Imported here: each lives in an environment of its own, and none is paid for unused.
    if isinstance(section, ServerSettings):
        from caco.engines.server_engine import ServerEngine

        return ServerEngine(folder, section)
    if len(devices := groups(section.gpus)) > 1:
        from caco.engines.copies import Copies

        return Copies(folder, section, devices)
    if isinstance(section, VllmSettings):
        from caco.engines.vllm_engine import VllmEngine

        return VllmEngine(folder, section)
    from caco.engines.transformers_engine import TransformersEngine

    return TransformersEngine(folder, section)


def open_resumable(
    folder: Path, section: Settings, journal: Path, basis: dict[str, str]
) -> Journaled:
    """Returns an engine that goes on after what a killed job had finished; nothing is loaded yet.

    Args:
        folder: As in `open_engine`.
        section: As in `open_engine`.
        journal: Where the job's journal lies.
        basis: What the job's completions depend on, by name; see `Job.journal`.
    """
    return Journaled(open_engine(folder, section), Journal(journal, basis))
