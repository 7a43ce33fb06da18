"""Files generated from the config's models and the pinned lists, by `make generated`.

The JSON schema, the settings page, and conda's environment files. Snakemake copies an environment
file elsewhere before it is used, so a file that refers to the list beside it would not find it: the
pins are written out. With torch go CUDA's libraries, which the package index's torch needs
(envs/torch_cuda.txt).
"""

import json
from pathlib import Path
from typing import Any

from caco.config.config import Config

_HEAD = """# Settings

Every key of a config, generated from the models in `src/caco/config/` by `make generated`: do not
edit this page. A key without a default must be given. An unknown key is an error.

`SECTION.NAME` stands for a table whose entries you name. What re-runs when a key changes is the
rule whose section it is in, and what is below it (`tests/dag` checks every key).
"""


def schema_text() -> str:
    """Returns the config's JSON schema, which editors complete and check against."""
    return json.dumps(Config.model_json_schema(), indent=1) + "\n"


def settings_page() -> str:
    """Returns docs/settings.md."""
    schema = Config.model_json_schema()
    lines = [_HEAD]
    for key, field in schema["properties"].items():
        lines += ["", f"## `{key}`", "", field.get("description", ""), ""]
        rows = list(_rows(schema, key, field))
        lines += ["| key | type | default | meaning |", "|---|---|---|---|", *rows]
    return "\n".join(lines) + "\n"


def _rows(schema: dict[str, Any], key: str, field: dict[str, Any]) -> list[str]:
    """Returns the table rows of `field` and of everything inside it."""
    if "oneOf" in field:
        return [r for choice in field["oneOf"] for r in _inside(schema, key, choice)]
    if "$ref" in field:
        return _inside(schema, key, field)
    if sections := [choice for choice in field.get("anyOf", []) if "$ref" in choice]:
        whole = f"| `{key}` | section or null | `null` | {field['description']} |"
        return [whole, *(r for section in sections for r in _inside(schema, key, section))]
    entries = field.get("additionalProperties")
    if field.get("type") == "object" and isinstance(entries, dict):
        return _rows(schema, f"{key}.NAME", entries)
    default = f"`{json.dumps(field['default'])}`" if "default" in field else ""
    meaning = field.get("description", "").replace("|", "\\|")
    return [f"| `{key}` | {_type(field)} | {default} | {meaning} |"]


def _inside(schema: dict[str, Any], key: str, reference: dict[str, Any]) -> list[str]:
    section = schema["$defs"][reference["$ref"].rsplit("/", 1)[1]]
    kinds = [f for f in section["properties"].values() if "const" in f]
    suffix = f" ({kinds[0]['const']})" if kinds else ""
    rows: list[str] = []
    for name, field in section["properties"].items():
        inner = _rows(schema, f"{key}.{name}", field)
        rows += [r.replace(" |", f"{suffix} |", 1) for r in inner] if suffix else inner
    return rows


def _type(field: dict[str, Any]) -> str:
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return " or ".join(f"`{v}`" for v in field["enum"])
    if "anyOf" in field:
        return " or ".join(_type(f) for f in field["anyOf"])
    if field.get("type") == "array":
        return f"list of {_type(field['items'])}"
    kind = str(field.get("type", "any"))
    bounds = {
        "exclusiveMinimum": "> {}",
        "minimum": ">= {}",
        "exclusiveMaximum": "< {}",
        "maximum": "<= {}",
    }
    said = [text.format(field[name]) for name, text in bounds.items() if name in field]
    return " ".join([kind, ", ".join(said)]).strip()


# Conda's name for what each list needs beside Python packages, and the interpreter it was made for.
_BASE = {
    "workflow": ["python=3.11"],
    "train": ["python=3.11", "gxx_linux-64"],
    "sandbox": ["python=3.12", "libnl"],
    "infer": ["python=3.11"],
    "infer_cuda": ["python=3.11", "gxx_linux-64"],
}


def conda_file(name: str, *lists: Path) -> str:
    """Returns the text of envs/{name}.yaml.

    Args:
        name: The environment.
        lists: The pinned lists that make it up.
    """
    pins = [line for path in lists for line in path.read_text(encoding="utf-8").splitlines()]
    packages = [line for line in pins if line and not line.startswith("#")]
    sources = " and ".join(path.name for path in lists)
    lines = [
        f"# Generated from {sources} by `make generated`: do not edit.",
        "channels: [conda-forge]",
        "dependencies:",
        *(f"  - {package}" for package in [*_BASE[name], "pip"]),
        "  - pip:",
        *(f"      - {package}" for package in packages),
    ]
    return "\n".join(lines) + "\n"


def generated_files(root: Path) -> dict[Path, str]:
    """Returns every environment file of the checkout at `root` with the text it must have."""
    envs = root / "envs"
    cuda = {name: [envs / "torch_cuda.txt"] for name in ("train", "infer", "infer_cuda")}
    return {
        envs / f"{name}.yaml": conda_file(name, envs / f"{name}.txt", *cuda.get(name, []))
        for name in _BASE
    }
