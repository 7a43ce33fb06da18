"""Measures the check of a checkpoint's contents: first, with remembered digests, and sizes only."""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # for caco, a link

from caco.models.manifest import open_checkpoint, read_manifest, write_manifest

CHUNK = 10_000_000  # bytes


def main() -> None:
    """Writes files of random bytes and opens them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=4, help="files of weights (%(default)s)")
    parser.add_argument("--mb", type=int, default=500, help="MB of each file (%(default)s)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, manifest = Path(name) / "checkpoint", Path(name) / "manifest.json"
        os.environ["CACO_CACHE"] = name
        folder.mkdir()
        for number in range(args.files):
            with (folder / f"{number}.safetensors").open("wb") as file:
                for _ in range(args.mb * 1_000_000 // CHUNK):
                    file.write(os.urandom(CHUNK))
        write_manifest(manifest, folder)
        for what, function in (
            ("contents, first", open_checkpoint),
            ("contents, remembered", open_checkpoint),
            ("sizes", read_manifest),
        ):
            started = time.perf_counter()
            function(manifest)
            print(f"{what}: {time.perf_counter() - started:.4f} s")


if __name__ == "__main__":
    main()
