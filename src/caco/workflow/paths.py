"""Every path of a run, in one place.

Wildcards are identities (run, source, shard, model, benchmark), never settings.
"""

from pathlib import Path


class Paths:
    """The files of one run, with Snakemake's wildcards in braces.

    Attributes:
        root: `results/{run}`.
    """

    def __init__(self, run: str, base: str = "results") -> None:
        self.root = f"{base}/{run}"

    def preflight(self) -> str:
        """What a node was found to have before anything long was asked of the cluster."""
        return f"{self.root}/preflight/node.json"

    def preflight_passed(self) -> str:
        """The word of the submitting side that a node was found fit: no model comes before it.

        It lies with the models, which are gone when it is.
        """
        return f"{self.root}/models/preflight_passed.json"

    def model(self, model: str = "{model}") -> str:
        """Manifest of a model as it came from outside."""
        return f"{self.root}/models/{model}/manifest.json"

    def seeds(self, source: str = "{source}") -> str:
        """Seeds of a source that training may see."""
        return f"{self.root}/seeds/{source}.parquet"

    def held_out(self, source: str = "{source}") -> str:
        """Seeds of a source that no training sees."""
        return f"{self.root}/seeds/{source}.held_out.parquet"

    def drafts(self, source: str = "{source}", round_: str = "{round}") -> str:
        """Programs that a model drafted for a source's seeds in one round."""
        return f"{self.root}/drafts/{source}/{round_}.parquet"

    def attempts(self, source: str = "{source}", round_: str = "{round}") -> str:
        """The drafts of one round with what became of each."""
        return f"{self.root}/attempts/{source}/{round_}.parquet"

    def code_cots(self, source: str = "{source}") -> str:
        """Accepted Code CoTs of a source."""
        return f"{self.root}/code_cots/{source}.parquet"

    def checkpoint(self, trained: str) -> str:
        """Manifest of a model fine-tuned here: `codegen`, `writer` or `student`."""
        return f"{self.root}/{trained}/manifest.json"

    def loss(self, trained: str) -> str:
        """Loss curve of a fine-tuned model."""
        return f"{self.root}/{trained}/loss.parquet"

    def deepspeed(self, zero_stage: int) -> str:
        """DeepSpeed's settings for a ZeRO stage: a file of the checkout."""
        return f"config/deepspeed/zero{zero_stage}.json"

    def shard(self, step: str, shard: str = "{shard}") -> str:
        """Rows of one shard: `verified`, `judged` and so on is the step."""
        return f"{self.root}/{step}/{shard}.parquet"

    def rejected(self, stage: str, identity: str) -> str:
        """What a stage did not let through."""
        return f"{self.root}/rejected/{stage}/{identity}.parquet"

    def planted(self) -> str:
        """Rows of which it is known whether they are right."""
        return f"{self.root}/calibration/planted.parquet"

    def judgements(self) -> str:
        """What the judging model says of the planted rows."""
        return f"{self.root}/calibration/judgements.parquet"

    def measured(self) -> str:
        """The planted rows with what each check said of them."""
        return f"{self.root}/calibration/rows.parquet"

    def rates(self) -> str:
        """False accepts and false rejects of the checks."""
        return f"{self.root}/calibration/rates.json"

    def corpus(self) -> str:
        """The corpus."""
        return f"{self.root}/corpus/train.parquet"

    def corpus_card(self) -> str:
        """The corpus's data card."""
        return f"{self.root}/corpus/README.md"

    def bench_problems(self, benchmark: str = "{benchmark}") -> str:
        """Problems of a benchmark, as seeds."""
        return f"{self.root}/benchmarks/{benchmark}.parquet"

    def answers(self, model: str = "{model}", benchmark: str = "{benchmark}") -> str:
        """Every generation of a model on a benchmark."""
        return f"{self.root}/answers/{model}/{benchmark}.parquet"

    def graded(self, model: str = "{model}", benchmark: str = "{benchmark}") -> str:
        """The graded answers of a model on a benchmark."""
        return f"{self.root}/bench/{model}/{benchmark}.parquet"

    def scores(self) -> str:
        """Scores of every model on every benchmark, with intervals."""
        return f"{self.root}/bench/scores.json"

    def funnel(self) -> str:
        """Counts of every stage."""
        return f"{self.root}/funnel.json"

    def report(self) -> str:
        """The report."""
        return f"{self.root}/report.html"

    def jobs(self) -> str:
        """The run's jobs, by rule: what `scripts/status.py` counts."""
        return f"{self.root}/jobs.json"

    def provenance(self, rule: str, identity: str) -> str:
        """Record of one job."""
        return f"{self.root}/provenance/{rule}/{identity}.json"

    def log(self, rule: str, identity: str) -> str:
        """What one job printed."""
        return f"logs/{Path(self.root).name}/{rule}/{identity}.log"
