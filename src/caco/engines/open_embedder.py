"""Opening the embedder that a config section selects, and the model of an embedding job."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from caco.config.embedding import Embedder as Settings
from caco.config.section import load_implementation
from caco.engines.embedder import embed_all
from caco.engines.protocol import Embedder, EmbeddingModel
from caco.models.manifest import open_checkpoint
from caco.runtime.job import Job
from caco.runtime.journal import Journal


def open_embedder(folder: Path, section: Settings) -> Embedder:
    """Returns an embedder for the checkpoint in `folder`; the model is loaded on first use.

    Args:
        folder: A transformers checkpoint with its tokenizer.
        section: Kind and settings of the embedder (`caco.engines.{kind}_embedder`).
    """
    embedder: Embedder = load_implementation(section.engine).open_embedder(folder, section)
    return embedder


@contextmanager
def embedding_model(job: Job, section: Settings) -> Iterator[EmbeddingModel]:
    """Opens the model of an embedding job, which resumes from the journal of an earlier attempt.

    Args:
        job: The job, with parsed arguments; `--model` is the manifest of the model.
        section: The settings of the embedder.

    Raises:
        UserError: The manifest cannot be read, a file of the model is damaged, or the journal has
            another fingerprint.
        ClusterError: Another process holds the journal.
    """
    model = open_checkpoint(job.args.model)
    path, fingerprint = job.journal(model.digest)
    with Journal(path, fingerprint) as journal, open_embedder(model.folder, section) as embedder:
        yield EmbeddingModel(partial(embed_all, embedder, journal), section.prefix, model.digest)
