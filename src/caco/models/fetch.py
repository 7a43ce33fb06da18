"""A model of the config as a checkpoint on disk with a manifest."""

from pathlib import Path

from caco.config.models import HubModel, LocalModel, Model, PackagedModel, ServedModel
from caco.errors import UserError
from caco.files import folder_aside
from caco.models.manifest import Manifest, write_manifest
from caco.models.served import write_served

# What a checkpoint's repository may hold beside the checkpoint: the same weights in other formats.
_OTHER_FORMATS = ["*.gguf", "*.onnx", "*.h5", "*.msgpack", "*.pth", "original/*", "onnx/*"]


def fetch_model(section: Model, name: str, manifest: Path) -> Manifest:
    """Makes the model available and writes its manifest, last.

    A packaged model is converted to the folder `checkpoint` beside the manifest, where a served
    one has its note; a local folder and the hub's cache are used where they are.

    Args:
        section: The model.
        name: Its name in the config, for the errors.
        manifest: Where the manifest is written.

    Raises:
        UserError: The model cannot be had; the sentence names the key.
    """
    if isinstance(section, PackagedModel):
        return write_manifest(manifest, _converted(section, name, manifest.parent / "checkpoint"))
    if isinstance(section, LocalModel):
        return write_manifest(manifest, _local(section, name))
    if isinstance(section, ServedModel):
        return write_manifest(manifest, write_served(section, manifest.parent / "checkpoint"))
    return write_manifest(manifest, _snapshot(section, name))


def _converted(section: PackagedModel, name: str, folder: Path) -> Path:
    from caco.models.gguf import convert
    from caco.models.package import packaged_gguf

    gguf = packaged_gguf(section, name)
    with folder_aside(folder) as aside:
        convert(gguf, aside)
    return folder


def _local(section: LocalModel, name: str) -> Path:
    folder = Path(section.path).expanduser()
    mend = f"key `models.{name}.path` must name a folder with config.json, weights and a tokenizer"
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such model folder; {mend}")
    for what, patterns in {
        "config.json": ("config.json",),
        "weights": ("*.safetensors", "pytorch_model*.bin"),
        "tokenizer": ("tokenizer.json", "tokenizer.model", "vocab.json"),
    }.items():
        if not any(any(folder.glob(pattern)) for pattern in patterns):
            raise UserError(f"{folder}: the model folder holds no {what}; {mend}")
    return folder


def _snapshot(section: HubModel, name: str) -> Path:
    import huggingface_hub
    from huggingface_hub import errors

    at = f"{section.repo} at {section.revision[:12]}"
    try:
        folder = huggingface_hub.snapshot_download(
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
    return Path(folder)
