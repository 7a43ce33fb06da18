"""Tells whether the rows of a generating job are samples of its model with its settings.

Nothing is generated: one forward pass of the recorded checkpoint scores the prompts and the drawn
tokens. The exit code is 1 if the rows of a job are no such samples. For interactive use:
python scripts/prove.py results/embedded/provenance/sample/00000.json
"""

import argparse
import sys
from pathlib import Path

from caco.runtime.chain import load_record
from caco.runtime.job import run


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "records", type=Path, nargs="+", help="records of jobs in which a model generates"
    )
    args = parser.parse_args()
    # After the arguments: `--help` works without torch.
    from caco.proof.generation import prove_generation

    verdicts = set()
    for path in args.records:
        proof = prove_generation(load_record(path), path.resolve().parents[2])
        print(f"{path}: {proof.line}", flush=True)
        verdicts.add(proof.verdict)
    sys.exit("inconsistent" in verdicts)


if __name__ == "__main__":
    run(main)
