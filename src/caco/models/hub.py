"""Models of the model hub, at a fixed revision, used from its cache."""

from pathlib import Path

from caco.config.models import HubModel
from caco.errors import UserError

# What a checkpoint's repository may hold beside the checkpoint: the same weights in other formats.
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
            f"{at}: the hub gives this model only to those who accepted its terms; accept them "
            f"and set HF_TOKEN, or change `models.{name}.repo`"
        ) from None
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError):
        raise UserError(
            f"{at}: the hub has no such model or revision; correct `models.{name}.repo` or "
            f"`models.{name}.revision` (a private model needs HF_TOKEN)"
        ) from None
    except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, OSError, RuntimeError) as e:
        raise UserError(
            f"{at}: the model hub cannot be reached ({type(e).__name__}); fetch the model where it "
            f"can, and name its folder in `models.{name}` with `kind: local`"
        ) from None
    return Path(snapshot)
