"""Tells whether rows come from the recorded model, and whether a checkpoint fits its training rows.

Of a job in which a model generates, one forward pass of the recorded checkpoint scores the prompts
and the drawn tokens; of a training, it computes the loss on rows that the checkpoint was trained
on, and the first steps are executed again. The exit code is 1 if a job is inconsistent. For
interactive use:
python scripts/prove.py results/embedded/provenance/sample/00000.json
"""

import argparse
import sys
from pathlib import Path

from caco.runtime.chain import load_record
from caco.runtime.job import run
from caco.runtime.jsonl import natural_number


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "records",
        type=Path,
        nargs="+",
        help="records of jobs in which a model generates or is trained",
    )
    parser.add_argument(
        "--steps",
        type=natural_number,
        default=3,
        metavar="N",
        help="steps of a training that are executed again; 0 for none (%(default)s)",
    )
    args = parser.parse_args()
    # After the arguments: `--help` works without torch.
    from caco.proof.generation import prove_generation
    from caco.proof.recorded_trainings import TRAININGS
    from caco.proof.training import prove_training

    verdicts = set()
    for path in args.records:
        record = load_record(path)
        run_folder = path.resolve().parents[2]
        proof = (
            prove_training(record, run_folder, args.steps)
            if record["rule"] in TRAININGS
            else prove_generation(record, run_folder)
        )
        print(f"{path}: {proof.line}", flush=True)
        verdicts.add(proof.verdict)
    sys.exit("inconsistent" in verdicts)


if __name__ == "__main__":
    run(main)
