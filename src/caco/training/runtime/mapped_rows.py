"""The rows that a training maps into memory from temporary files, and a check that they persist.

`datasets` writes them to Arrow files, which have no checksum, and reads every epoch from there.
"""

from collections.abc import Iterable
from pathlib import Path

from caco.errors import ClusterError
from caco.runtime.checksums import sha256_of


class MappedRows:
    """The files of the rows, with the digests that they had when they were written."""

    def __init__(self, files: Iterable[Path]) -> None:
        """Digests the files.

        Args:
            files: The files; none if the rows are in memory.
        """
        self._digests = sha256_of(files)

    def require_unchanged(self) -> None:
        """Compares the files with their digests.

        Raises:
            ClusterError: A file has changed: the steps since the last checkpoint may have read
                other rows.
        """
        for file, found in sha256_of(self._digests).items():
            if found != self._digests[file]:
                raise ClusterError(
                    f"{file}: damaged while it was read: its SHA-256 was {self._digests[file]} and "
                    f"is {found}; check the disk of this node and type your command again: the "
                    "training resumes from its newest checkpoint"
                )
