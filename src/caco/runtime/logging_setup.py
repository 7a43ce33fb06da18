"""Logging: a job's log contains its own lines, without those of the libraries."""

import logging
import os
import warnings


def silence_libraries() -> None:
    """Turns off the progress bars and log messages of transformers, torch and related libraries.

    Errors are still raised. Call it before the first import of transformers: tqdm reads its
    environment variable on import.
    """
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    from transformers.utils import logging as hf_logging

    hf_logging.set_verbosity_error()
    hf_logging.disable_progress_bar()
    warnings.filterwarnings("ignore")
    for name in ("torch", "accelerate", "trl", "datasets", "DeepSpeed"):
        logging.getLogger(name).setLevel(logging.ERROR)
