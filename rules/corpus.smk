"""The corpus: reads every verified and judged shard and benchmark, writes corpus/train.parquet and its card."""


rule corpus:
    """Assembles the corpus from the judged shards: deduplication, decontamination."""
    input:
        verified=expand(paths.shard("verified"), shard=SHARDS),
        judged=expand(paths.shard(ACCEPTED), shard=SHARDS),
        problems=expand(paths.bench_problems(), benchmark=CONFIG.bench.benchmarks),
        seeds=expand(paths.seeds(), source=CONFIG.sources),
    output:
        **stage.outputs("corpus", corpus=paths.corpus(), card=paths.corpus_card()),
    log:
        stage.log("corpus"),
    conda:
        stage.conda("corpus")
    resources:
        shards=CONFIG.shards,
    params:
        **stage.params("corpus", CONFIG.corpus),
    shell:
        stage.command(
            "corpus",
            "--judged {input.judged[0]} --verified {input.verified[0]} --shards {resources.shards}"
            " input.problems input.seeds output.corpus output.card output.rejected",
        )
