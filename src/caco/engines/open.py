"""The engine that a section of the config names, and a model ready to generate with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caco.config.engines import EngineConfig
from caco.config.section import load_implementation
from caco.engines.protocol import Engine, GeneratingModel
from caco.engines.resumable import ResumableEngine
from caco.models.manifest import read_manifest
from caco.models.tokenizer import framing
from caco.runtime.job import Job
from caco.runtime.journal import Journal


def open_engine(folder: Path, section: EngineConfig) -> Engine:
    """Returns an engine over the checkpoint in `folder`; nothing is loaded yet.

    Each kind is a module of its own, in an environment of its own (`caco.engines.{kind}_engine`).

    Args:
        folder: An ordinary transformers checkpoint with its tokenizer, or a served model's folder.
        section: Which engine, and its settings.
    """
    engine: Engine = load_implementation(section).open_engine(folder, section)
    return engine


@contextmanager
def generating_model(
    job: Job, section: EngineConfig, prompt: str = "chat"
) -> Iterator[GeneratingModel]:
    """Opens the model of a generating job, which resumes after what a killed start had finished.

    Args:
        job: The job, parsed; its `--model` is the model's manifest.
        section: The engine's section.
        prompt: How the model is prompted; see `caco.models.tokenizer.framing`.

    Raises:
        UserError: The manifest cannot be read, or the journal holds rows of other settings.
        ClusterError: Another process writes the journal.
    """
    model = read_manifest(job.args.model)
    path, fingerprint = job.journal(model.digest)
    engine = ResumableEngine(open_engine(model.folder, section), Journal(path, fingerprint))
    with engine:
        yield GeneratingModel(engine, framing(model.folder, prompt), model.digest)
