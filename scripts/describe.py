"""Writes the metadata of a finished run in the formats of others: RO-Crate and Croissant.

From the records, without Snakemake, in an instant:

- ro-crate-metadata.json in the run's folder: every job and file (Provenance Run Crate), and beside
  it the main workflow, `Snakefile`, of the commit of the run;
- export/croissant.json: the files and columns of the export, for `mlcroissant`.

    python scripts/describe.py results/embedded --url https://example.org/datasets/mine
"""

import argparse
import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from caco.reports.describe import croissant, run_crate
from caco.runtime.atomic_files import write_text
from caco.runtime.job import run
from caco.workflow.paths import Paths

_ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder of the run: results/{run}")
    parser.add_argument("--url", required=True, help="where the data set is or will be published")
    args = parser.parse_args()
    jobs = run_crate.read_jobs(args.run)
    card = Path(Paths(args.run.name, str(args.run.parent)).export_card())
    # All texts are made before the first file is written.
    texts = {
        args.run / run_crate.FILE: _json(run_crate.run_crate(args.run, jobs)),
        args.run / run_crate.MAIN: _snakefile(jobs),
    }
    if any(job["rule"] == "export" for job in jobs):
        texts[card.parent / croissant.FILE] = _json(croissant.croissant(args.run, jobs, args.url))
    else:
        print(f"notice: {args.run}: has no export, so there is no {croissant.FILE}")
    for file, text in texts.items():
        write_text(file, text)
        print(f"wrote {file}")


def _json(values: Any) -> str:
    return json.dumps(values, indent=1) + "\n"


def _snakefile(jobs: Sequence[Mapping[str, Any]]) -> str:
    """Returns the Snakefile of the commit of a run; or of this checkout, with a notice."""
    commits = run_crate.commits_of(jobs)
    found = None
    if len(commits) == 1 and (commit := commits.pop()) is not None:
        found = subprocess.run(
            ["git", "show", f"{commit}:Snakefile"],
            cwd=_ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if found is not None and found.returncode == 0:
        return found.stdout
    print(
        "notice: the run has no single commit that git has here, so the Snakefile of this checkout "
        "is taken"
    )
    return (_ROOT / "Snakefile").read_text(encoding="utf-8")


if __name__ == "__main__":
    run(main)
