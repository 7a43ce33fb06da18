"""Every path of a run, in one module.

Wildcards are identities (run, source, shard, model, benchmark), never settings.
"""

from pathlib import Path

WILDCARDS = {
    **dict.fromkeys(("model", "source", "benchmark", "name", "ablation"), "[a-z0-9_]+"),
    "folder": "seeds|benchmarks",
    "round": r"\d+",
    "shard": r"\d{5}",
}
"""The wildcards of paths, with a pattern of their values."""


class Paths:
    """The files of one run, with Snakemake's wildcards in braces.

    Attributes:
        root: `results/{run}`.
    """

    def __init__(self, run: str, base: str = "results") -> None:
        self.root = f"{base}/{run}"

    def preflight(self) -> str:
        """What `preflight` found on a node, before any long job is submitted."""
        return f"{self.root}/preflight/node.json"

    def preflight_passed(self) -> str:
        """Marker on the submitting side that `preflight` passed; every rule `model` waits for it.

        It is in the folder of the models, so that they are deleted together.
        """
        return f"{self.root}/models/preflight_passed.json"

    def model(self, model: str = "{model}") -> str:
        """Manifest of a model from outside the workflow."""
        return f"{self.root}/models/{model}/manifest.json"

    def data_set(self, source: str = "{source}") -> str:
        """Manifest of the files that a source has from a hub."""
        return f"{self.root}/data_sets/{source}/manifest.json"

    def seeds(self, source: str = "{source}") -> str:
        """Seeds of a source for training."""
        return f"{self.root}/seeds/{source}.parquet"

    def held_out(self, source: str = "{source}") -> str:
        """Held-out seeds of a source, which no training reads."""
        return f"{self.root}/seeds/{source}.held_out.parquet"

    def drafts(self, source: str = "{source}", round_: str = "{round}") -> str:
        """Programs that a model drafted for a source's seeds in one round."""
        return f"{self.root}/drafts/{source}/{round_}.parquet"

    def attempts(self, source: str = "{source}", round_: str = "{round}") -> str:
        """The drafts of one round with the verdict on each."""
        return f"{self.root}/attempts/{source}/{round_}.parquet"

    def code_cots(self, source: str = "{source}") -> str:
        """Accepted Code CoTs of a source."""
        return f"{self.root}/code_cots/{source}.parquet"

    def checkpoint(self, trained: str) -> str:
        """Manifest of a model that the run fine-tunes.

        Args:
            trained: `codegen`, `writer`, `student`, or `ablation` of a name.
        """
        return f"{self.root}/{trained}/manifest.json"

    def loss(self, trained: str) -> str:
        """Loss curve of a fine-tuned model."""
        return f"{self.root}/{trained}/loss.parquet"

    def ablation(self, ablation: str = "{ablation}") -> str:
        """What the student of an ablation is as a model that the run fine-tunes."""
        return f"ablations/{ablation}"

    def ablation_rows(self, ablation: str = "{ablation}") -> str:
        """Rows of an ablation's student."""
        return f"{self.root}/ablations/{ablation}/train.parquet"

    def deepspeed(self, zero_stage: int) -> str:
        """DeepSpeed settings of a ZeRO stage: a file of the checkout."""
        return f"config/deepspeed/zero{zero_stage}.json"

    def shard(self, step: str, shard: str = "{shard}") -> str:
        """Rows of one shard; `step` is `verified`, `judged` and so on."""
        return f"{self.root}/{step}/{shard}.parquet"

    def rejected(self, stage: str, identity: str) -> str:
        """Rejected rows of one job of a stage."""
        return f"{self.root}/rejected/{stage}/{identity}.parquet"

    def replies(self, stage: str, identity: str) -> str:
        """All replies of a model in one job of a stage whose rows keep a part of them."""
        return f"{self.root}/replies/{stage}/{identity}.parquet"

    def planted(self) -> str:
        """Planted rows, which are known to be right or wrong."""
        return f"{self.root}/calibration/planted.parquet"

    def judgements(self) -> str:
        """The LLM judge's verdicts on the planted rows."""
        return f"{self.root}/calibration/judgements.parquet"

    def measured(self) -> str:
        """The planted rows with the verdict of each check."""
        return f"{self.root}/calibration/rows.parquet"

    def rates(self) -> str:
        """False accept and false reject rates of the checks."""
        return f"{self.root}/calibration/rates.json"

    def corpus(self) -> str:
        """The corpus."""
        return f"{self.root}/corpus/train.parquet"

    def corpus_card(self) -> str:
        """The corpus's data card."""
        return f"{self.root}/corpus/README.md"

    def export_card(self) -> str:
        """The card of the corpus as a data set for publication."""
        return f"{self.root}/export/README.md"

    def exported(self, configuration: str) -> str:
        """The rows of a configuration of that data set: `sft` or `rlvr`."""
        return f"{self.root}/export/{configuration}/train.parquet"

    def bench_problems(self, benchmark: str = "{benchmark}") -> str:
        """Problems of a benchmark, as seeds."""
        return f"{self.root}/benchmarks/{benchmark}.parquet"

    def problems(self, folder: str = "{folder}", name: str = "{name}") -> str:
        """The seeds of a source, or the problems of a benchmark, by their folder."""
        return f"{self.root}/{folder}/{name}.parquet"

    def problem_embeddings(self, folder: str = "{folder}", name: str = "{name}") -> str:
        """Vectors of these seeds or problems."""
        return f"{self.root}/problem_embeddings/{folder}/{name}.parquet"

    def answers(self, model: str = "{model}", benchmark: str = "{benchmark}") -> str:
        """Every answer of a model to a benchmark, not yet graded."""
        return f"{self.root}/answers/{model}/{benchmark}.parquet"

    def graded(self, model: str = "{model}", benchmark: str = "{benchmark}") -> str:
        """The graded answers of a model to a benchmark."""
        return f"{self.root}/bench/{model}/{benchmark}.parquet"

    def scores(self) -> str:
        """Scores of every model on every benchmark, with intervals."""
        return f"{self.root}/bench/scores.json"

    def funnel(self) -> str:
        """Row counts of every stage."""
        return f"{self.root}/funnel.json"

    def report(self) -> str:
        """The report: one HTML page."""
        return f"{self.root}/report.html"

    def jobs(self) -> str:
        """The run's jobs by rule and its complete config, as it was last started."""
        return f"{self.root}/jobs.json"

    def provenance(self, rule: str, identity: str) -> str:
        """Provenance record of one job."""
        return f"{self.root}/provenance/{rule}/{identity}.json"

    def log(self, rule: str, identity: str) -> str:
        """Log of one job."""
        return f"logs/{Path(self.root).name}/{rule}/{identity}.log"
