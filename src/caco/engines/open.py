"""Opening the engine that a config section selects, and the model of a generating job."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caco.config.engines import EngineConfig
from caco.config.section import load_implementation
from caco.engines.protocol import Engine, GeneratingModel
from caco.engines.resumable import ResumableEngine
from caco.models.manifest import Manifest, open_checkpoint
from caco.models.template import require_chat_template
from caco.models.tokenizer import completion_encoding, framing, turns_framing
from caco.runtime.job import Job
from caco.runtime.journal import Journal


def open_engine(folder: Path, section: EngineConfig) -> Engine:
    """Returns an engine for the checkpoint in `folder`; the model is loaded on first use.

    Each kind has its own module (`caco.engines.{kind}_engine`) and environment.

    Args:
        folder: A transformers checkpoint with its tokenizer, or the folder of a served model.
        section: Kind and settings of the engine.
    """
    engine: Engine = load_implementation(section).open_engine(folder, section)
    return engine


@contextmanager
def generating_model(
    job: Job, section: EngineConfig, key: str, prompt: str = "chat"
) -> Iterator[GeneratingModel]:
    """Opens the model of a generating job, which resumes from the journal of an earlier attempt.

    Args:
        job: The job, with parsed arguments; `--model` is the manifest of the model.
        section: The config section of the engine.
        key: The config key that names the model.
        prompt: How the model is prompted; see `caco.models.tokenizer.framing`.

    Raises:
        UserError: The manifest cannot be read, a file of the model is damaged, the model lacks the
            chat template of its prompts, or the journal has another fingerprint.
        ClusterError: Another process holds the journal.
    """
    model = open_checkpoint(job.args.model)
    if prompt != "alpaca":
        require_chat_template(model.folder, key)
    path, fingerprint = job.journal(model.digest)
    engine = ResumableEngine(open_engine(model.folder, section), Journal(path, fingerprint))
    with engine:
        yield prompted(engine, model, prompt)


def prompted(engine: Engine, model: Manifest, prompt: str = "chat") -> GeneratingModel:
    """Returns a model that is ready to generate with an engine.

    Args:
        engine: The engine.
        model: The model.
        prompt: As in `generating_model`.
    """
    return GeneratingModel(
        engine,
        framing(model.folder, prompt),
        model.digest,
        turns_framing(model.folder),
        completion_encoding(model.folder),
    )
