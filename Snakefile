"""Caco: seeds become programs, programs become problems, problems become a corpus and a student.

`snakemake --profile profiles/local` runs on this machine, `snakemake --profile slurm` on a cluster.
Without `--configfile` it runs config.yaml, the embedded run.
"""

from snakemake.utils import min_version

min_version("9.27")

if not workflow.configfiles:

    configfile: "config.yaml"


include: "rules/common.smk"
include: "rules/preflight.smk"
include: "rules/models.smk"
include: "rules/seeds.smk"
include: "rules/unify.smk"
include: "rules/codegen.smk"
include: "rules/sample.smk"
include: "rules/verify.smk"
include: "rules/reverse.smk"
include: "rules/pass_rate.smk"
include: "rules/embedding.smk"
include: "rules/calibrate.smk"
include: "rules/corpus.smk"
include: "rules/export.smk"
include: "rules/student.smk"
include: "rules/ablation.smk"
include: "rules/bench.smk"
include: "rules/report.smk"


rule all:
    """Requests the corpus, its export, the scores of base and student, and the report."""
    default_target: True
    input:
        paths.corpus(),
        paths.export_card(),
        paths.scores(),
        paths.report(),
