"""Files generated from the config's models and the pinned lists, by `make generated`.

The JSON schema, the settings page, and conda's environment files. Snakemake copies an environment
file to another folder before it uses it, so a reference to a pinned list would not resolve: the
pins are written out. They have no hashes, since torch has none (envs/torch.txt) and pip accepts
hashes for all packages of an installation or for none. CUDA's libraries are included wherever torch
is: the package index's torch needs them (envs/torch_cuda.txt).
"""

import json
import re
from pathlib import Path
from typing import Any

from caco.config.config import Config

_HEAD = """# Settings

Every key of a config. `make generated` writes this page from the models in `src/caco/config/`: do
not edit it. A key without a default is required. An unknown key is an error.

`NAME` is a name of your choice: the section is a table with named entries. A changed key re-runs
the rules that depend on its section, and everything downstream (`tests/dag` checks every key).
"""


def schema_text() -> str:
    """Returns the config's JSON schema, with which editors complete and check keys."""
    return json.dumps(Config.model_json_schema(), indent=1) + "\n"


def settings_page() -> str:
    """Returns the text of docs/settings.md."""
    schema = Config.model_json_schema()
    lines = [_HEAD]
    for key, field in schema["properties"].items():
        lines += ["", f"## `{key}`", "", field.get("description", ""), ""]
        rows = list(_rows(schema, key, field))
        lines += ["| key | type | default | meaning |", "|---|---|---|---|", *rows]
    return "\n".join(lines) + "\n"


def _rows(schema: dict[str, Any], key: str, field: dict[str, Any]) -> list[str]:
    """Returns the table rows of `field` and of the fields nested in it."""
    if "oneOf" in field:
        return [r for choice in field["oneOf"] for r in _section_rows(schema, key, choice)]
    if "$ref" in field:
        return _section_rows(schema, key, field)
    if sections := [choice for choice in field.get("anyOf", []) if "$ref" in choice]:
        nullable = f"| `{key}` | section or null | `null` | {field['description']} |"
        return [nullable, *(r for section in sections for r in _section_rows(schema, key, section))]
    entries = field.get("additionalProperties")
    if field.get("type") == "object" and isinstance(entries, dict):
        rows = _rows(schema, f"{key}.NAME", entries)
        if "default" not in field:
            return rows
        return [f"| `{key}` | table | `{{}}` | {field['description']} |", *rows]
    default = f"`{json.dumps(field['default'])}`" if "default" in field else ""
    meaning = field.get("description", "").replace("|", "\\|")
    return [f"| `{key}` | {_type(field)} | {default} | {meaning} |"]


def _section_rows(schema: dict[str, Any], key: str, reference: dict[str, Any]) -> list[str]:
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
    limits = [text.format(field[name]) for name, text in bounds.items() if name in field]
    return " ".join([kind, ", ".join(limits)]).strip()


# Conda's names for what each list needs in addition to Python packages, and its interpreter.
_BASE = {
    "workflow": ["python=3.11"],
    "train": ["python=3.11", "gxx_linux-64"],
    "sandbox": ["python=3.12", "libnl"],
    "infer": ["python=3.11"],
    "infer_cuda": ["python=3.11", "gxx_linux-64"],
}
# A package of a pinned list, without its hashes and the comment on what requires it.
_PIN = re.compile(r"^[\w.-]+==[^\s;]+", re.MULTILINE)


def conda_file(name: str, *lists: Path) -> str:
    """Returns the text of envs/{name}.yaml.

    Args:
        name: The environment.
        lists: The pinned lists whose packages it contains.
    """
    packages = [pin for path in lists for pin in _PIN.findall(path.read_text(encoding="utf-8"))]
    sources = ", ".join(path.name for path in lists)
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
    torch = [envs / "torch.txt", envs / "torch_cuda.txt"]
    with_torch = ("train", "infer", "infer_cuda")
    return {
        envs / f"{name}.yaml": conda_file(
            name, envs / f"{name}.txt", *(torch if name in with_torch else [])
        )
        for name in _BASE
    }
