"""Loading a checkpoint with transformers: to generate, to embed, or to score what was drawn."""

from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import torch

from caco.errors import UserError
from caco.runtime.engine_start import model_ready
from caco.runtime.gpus import require_usable_gpus
from caco.runtime.progress import silence_libraries

S = TypeVar("S")


class OnTransformers(Generic[S]):
    """What runs a local checkpoint with transformers, on the GPU if there is one.

    A context manager that releases the model on exit.
    """

    def __init__(self, folder: Path, section: S) -> None:
        """Loads nothing: the checkpoint is loaded with the first text.

        Args:
            folder: A transformers checkpoint with its tokenizer.
            section: The settings.
        """
        self._folder, self._section = folder, section
        self._model: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._model = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def load_model(
    kind: str, folder: Path, dtype: str, fix: str, **options: Any
) -> tuple[Any, torch.device]:
    """Returns a checkpoint, ready for inference, and the device on which it is.

    It is on the GPU if there is one.

    Args:
        kind: The class of transformers: `AutoModel` or `AutoModelForCausalLM`.
        folder: A transformers checkpoint.
        dtype: Data type of its weights.
        fix: What the user does if the checkpoint cannot be loaded, for the error message.
        options: Further arguments of `from_pretrained`.

    Raises:
        UserError: transformers cannot load the checkpoint.
        ClusterError: torch cannot use the GPUs of the job.
    """
    silence_libraries()
    import transformers

    device = "cuda" if torch.cuda.is_available() else "cpu"
    require_usable_gpus(device == "cuda", f"torch {torch.__version__}")
    try:
        model = getattr(transformers, kind).from_pretrained(
            folder, dtype=getattr(torch, dtype), local_files_only=True, **options
        )
    except (OSError, ValueError, KeyError) as e:
        raise UserError(
            f"{folder}: not a checkpoint that transformers can load "
            f"({str(e).splitlines()[0]}); {fix}"
        ) from None
    model = model.to(device).eval()
    model_ready()
    return model, torch.device(device)
