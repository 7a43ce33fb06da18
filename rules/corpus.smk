"""The corpus: needs every judged shard and benchmark, makes corpus/train.parquet and its card."""


rule corpus:
    """Joins the judged shards, without doubles and without what a benchmark asks."""
    input:
        judged=expand(paths.shard(ACCEPTED), shard=SHARDS),
        problems=expand(paths.bench_problems(), benchmark=CONFIG.bench.benchmarks),
        seeds=expand(paths.seeds(), source=CONFIG.sources),
    output:
        corpus=paths.corpus(),
        card=paths.corpus_card(),
        rejected=paths.rejected("corpus", "all"),
        provenance=paths.provenance("corpus", "all"),
    log:
        paths.log("corpus", "all"),
    conda:
        "../envs/workflow.yaml"
    resources:
        shards=CONFIG.shards,
    params:
        spec=spec_json(section=CONFIG.corpus),
        code=code("corpus"),
    shell:
        "envs/python workflow scripts/corpus.py"
        " --judged {input.judged[0]} --shards {resources.shards}"
        " --problems {input.problems}"
        " --seeds {input.seeds}"
        " --corpus {output.corpus}"
        " --card {output.card}"
        " --rejected {output.rejected}"
        " --spec {params.spec:q} --code {params.code}"
        " --provenance {output.provenance} 2>&1 | tee {log}"
