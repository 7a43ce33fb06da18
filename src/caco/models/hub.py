"""Models of the Hugging Face Hub at a fixed revision, used from the cache of the hub client."""

from pathlib import Path

from caco.config.models import HubModel
from caco.errors import UserError

# Copies of the weights in other formats, which a repository may contain.
_OTHER_FORMATS = ["*.gguf", "*.onnx", "*.h5", "*.msgpack", "*.pth", "original/*", "onnx/*"]


def fetch(section: HubModel, name: str, folder: Path) -> Path:
    """Returns the model's folder; see `caco.models.fetch.fetch_model`."""
    import huggingface_hub
    from huggingface_hub import errors

    at = f"{section.repo} at {section.revision[:12]}"
    try:
        snapshot = huggingface_hub.snapshot_download(
            section.repo, revision=section.revision, ignore_patterns=_OTHER_FORMATS
        )
    except errors.GatedRepoError:
        raise UserError(
            f"{at}: the hub requires that its terms are accepted for this model; accept them "
            f"and set HF_TOKEN, or change `models.{name}.repo`"
        ) from None
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError):
        raise UserError(
            f"{at}: the hub has no such model or revision; correct `models.{name}.repo` or "
            f"`models.{name}.revision` (a private model needs HF_TOKEN)"
        ) from None
    except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, OSError, RuntimeError) as e:
        raise UserError(
            f"{at}: the model hub cannot be reached ({type(e).__name__}); fetch the model on a "
            f"machine with access, and set `models.{name}` to its folder with `kind: local`"
        ) from None
    return Path(snapshot)
