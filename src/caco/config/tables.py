"""Sections of tabular files, whose columns a map of fields names: of a source or a benchmark."""

import json
import re
from glob import glob
from pathlib import Path
from typing import Literal

from pydantic import Field

from caco.config.section import Section
from caco.errors import UserError

_NO_ROWS = re.compile(r"[._]|README|LICENSE", re.IGNORECASE)  # files beside those with rows
PATH = (
    "Path of a file, a glob pattern (`**` for folders of any depth), or a folder: of files, or one "
    "that `datasets` saved."
)
"""The description of `path`, which a source may lack and a benchmark has."""


class MappedFields(Section):
    """The columns that the fields of a problem are read from.

    A field is the name of a column (`answer`, `meta.answer`, `answers[0]`) or a template of names
    (`"{Body} {Question}"`).
    """

    problem: str = Field(description="The problem.")
    answer: str | None = Field(None, description="The known answer, or the text that contains it.")
    extract: Literal["whole", "boxed", "after_hashes"] = Field(
        "whole",
        description="The part of `answer` that is the answer: all of it, the content of the last "
        "`\\boxed{}`, or what follows the last `####`.",
    )
    id: str | None = Field(None, description="The name of a row in the reasons of rejections.")


class TabularFiles(Section):
    """Files of JSON lines, a JSON array, CSV, Parquet or Arrow, also compressed."""

    path: str | None = Field(None, description=PATH)
    fields: MappedFields = Field(description="The columns of the fields.")
    filters: list[str] = Field(
        [],
        description="Conditions that each row must meet, such as `solve_rate < 0.3` or "
        '`type in ["Algebra"]`.',
    )
    rows: int | None = Field(
        None, gt=0, description="Number of rows to read, from the first; null for all."
    )

    def files(self) -> list[str]:
        """Returns the files of `path` in order; none if nothing has the path.

        Raises:
            UserError: The folder contains splits, of which one must be chosen.
        """
        if self.path is None:
            return []
        path = Path(self.path)
        if not path.is_dir():
            found = [self.path] if path.is_file() else glob(self.path, recursive=True)  # noqa: PTH207
            return sorted(name for name in found if Path(name).is_file())
        if (path / "dataset_dict.json").is_file():
            raise UserError(
                f"{path}: the folder contains several splits; set the path to one of them, such "
                f"as {path / 'train'}"
            )
        state = path / "state.json"
        if state.is_file():
            names = [part["filename"] for part in json.loads(state.read_text())["_data_files"]]
            return [str(path / name) for name in names]
        files = (f for f in path.iterdir() if f.is_file() and not _NO_ROWS.match(f.name))
        return sorted(map(str, files))
