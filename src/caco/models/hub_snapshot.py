"""Downloads from the Hugging Face hub at a fixed revision, with one sentence for each failure."""

from pathlib import Path
from typing import Any

from caco.errors import UserError


def download(repo: str, revision: str, what: str, key: str, without: str, **options: Any) -> Path:
    """Downloads a repository and returns its folder.

    An interrupted download is continued by the next one.

    Args:
        repo: `owner/name`.
        revision: The full commit hash.
        what: `model` or `dataset`, the hub's name for the kind of repository.
        key: The config key of the section with `repo` and `revision`.
        without: What to do without access to the hub.
        options: Further arguments of `huggingface_hub.snapshot_download`.

    Raises:
        UserError: The repository cannot be downloaded.
    """
    import huggingface_hub
    from huggingface_hub import errors

    at = f"{repo} at {revision[:12]}"
    try:
        return Path(
            huggingface_hub.snapshot_download(repo, repo_type=what, revision=revision, **options)
        )
    except errors.GatedRepoError:
        raise UserError(
            f"{at}: the hub requires that its terms are accepted for this {what}; accept them "
            f"and set HF_TOKEN, or change `{key}.repo`"
        ) from None
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError):
        raise UserError(
            f"{at}: the hub has no such {what} or revision; correct `{key}.repo` or "
            f"`{key}.revision` (a private {what} needs HF_TOKEN)"
        ) from None
    except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, OSError, RuntimeError) as e:
        raise UserError(
            f"{at}: the hub cannot be reached ({type(e).__name__}); fetch the {what} on a machine "
            f"with access, and {without}"
        ) from None
