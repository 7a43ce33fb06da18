"""The corpus: reads every checked shard and benchmark, writes corpus/train.parquet and its card."""


rule corpus:
    """Assembles the corpus from the checked shards: deduplication and decontamination."""
    input:
        checked=expand(paths.shard(ACCEPTED), shard=SHARDS),
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
            "--checked {input.checked[0]} --shards {resources.shards} input.problems input.seeds"
            " output.corpus output.card",
        )
