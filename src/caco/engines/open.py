"""The engine that a section of the config asks for."""

from pathlib import Path

from caco.config.generation import Engine as EngineSection
from caco.engines.protocol import Engine


def open_engine(folder: Path, section: EngineSection) -> Engine:
    """Returns an engine over the checkpoint in `folder`; nothing is loaded yet.

    Args:
        folder: An ordinary transformers checkpoint with its tokenizer.
        section: Which engine, and its settings.
    """
    # The one kind there is; imported here so that no script pays for an engine it does not use.
    from caco.engines.transformers_engine import TransformersEngine

    return TransformersEngine(folder, section)
