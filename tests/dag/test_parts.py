"""A part of the workflow needs the user's files of that part only."""

from pathlib import Path

from tests.dag.checkout import Checkout

MODEL = "absent/config.json: there is no such model file; key `models.smollm2.path` of the config"


def test_a_missing_file_ends_a_run_of_the_part_that_reads_it(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    checkout.environment["CACO_LOCAL"] = "1"
    config = checkout.config()
    config["models"]["smollm2"] = {"kind": "local", "path": "absent"}

    everything = checkout.try_snakemake("--dry-run", config=config)
    assert everything.returncode != 0
    assert everything.stdout.splitlines()[-1].startswith(f"input error: {MODEL}")

    checkout.snakemake("--until", "unify", config=config)
    made = {path.name for path in (tmp_path / "results" / "embedded" / "provenance").iterdir()}
    assert made == {"seeds", "unify"}

    part = checkout.try_snakemake("--until", "codegen", config=config)
    assert part.returncode != 0
    assert part.stdout.splitlines()[-1].startswith(f"input error: {MODEL}")

    config["bench"]["benchmarks"]["more"] = {
        "kind": "table", "path": "absent.jsonl", "fields": {"problem": "q", "answer": "a"},
    }  # fmt: skip
    both = checkout.try_snakemake("--until", "codegen", "--forceall", config=config)
    errors = {line for line in both.stdout.splitlines() if line.startswith("input error: ")}
    assert {error.split("; ")[1].split("`")[1] for error in errors} == {
        "models.smollm2.path", "bench.benchmarks.more.path",
    }  # fmt: skip
