"""Writes what is generated: config/schema.json, docs/settings.md and envs/*.yaml.

Run this (`make generated`) after changing a config section or a pinned list; a test compares the
files with their sources.
"""

from pathlib import Path

from caco.config.generated_files import generated_files, schema_text, settings_page
from caco.runtime.atomic_files import write_text

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Writes every generated file."""
    for path, text in {
        ROOT / "config" / "schema.json": schema_text(),
        ROOT / "docs" / "settings.md": settings_page(),
        **generated_files(ROOT),
    }.items():
        write_text(path, text)


if __name__ == "__main__":
    main()
