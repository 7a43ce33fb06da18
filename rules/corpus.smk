"""The corpus: reads verified and checked shards and benchmarks, writes corpus/train.parquet.

Where `pass_rate` or the layer `embedding` is configured, it reads pass rates or vectors of the shards
too.
"""

COMPARES_VECTORS = CONFIG.corpus.decontaminate.embedding is not None


rule corpus:
    """Assembles the corpus: deduplication, decontamination, constant answers."""
    input:
        verified=expand(paths.shard("verified"), shard=SHARDS),
        checked=expand(paths.shard("checked"), shard=SHARDS),
        pass_rates=expand(paths.shard("pass_rates"), shard=SHARDS if CONFIG.pass_rate else []),
        embeddings=expand(paths.shard("embeddings"), shard=SHARDS if COMPARES_VECTORS else []),
        problem_embeddings=[
            paths.problem_embeddings("benchmarks", b) for b in CONFIG.embedded_benchmarks()
        ],
        problems=FILE_PROBLEMS,
        held_out=HELD_OUT_PROBLEMS,
        seeds=expand(paths.seeds(), source=CONFIG.sources),
    output:
        **stage.outputs(
            "corpus",
            corpus=paths.corpus(),
            card=report(paths.corpus_card(), caption="captions/corpus_card.rst", category="Run"),
        ),
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
            "--checked {input.checked[0]} --verified {input.verified[0]} --shards {resources.shards}"
            + (" --pass-rates {input.pass_rates[0]}" if CONFIG.pass_rate else "")
            + (
                " --embeddings {input.embeddings[0]} input.problem_embeddings"
                if COMPARES_VECTORS
                else ""
            )
            + " input.problems input.held_out input.seeds output.corpus output.card",
        )
