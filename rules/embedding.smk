"""Embeddings, if configured: read checked shards, seeds and benchmarks, write their vectors."""

if CONFIG.embedding:

    rule embed:
        """Embeds the questions of a shard; a changed threshold embeds nothing again."""
        input:
            model=paths.model(CONFIG.embedding.model),
            texts=paths.shard("checked"),
        output:
            **stage.outputs("embed", embeddings=paths.shard("embeddings")),
        log:
            stage.log("embed"),
        conda:
            stage.conda("embed")
        threads: 8
        params:
            **stage.params("embed", CONFIG.embedding.embedder()),
        shell:
            stage.command("embed", "--rule embed input.model input.texts output.embeddings")

    rule embed_problems:
        """Embeds the problems of a benchmark or a source."""
        input:
            model=paths.model(CONFIG.embedding.model),
            texts=paths.problems(),
        output:
            **stage.outputs("embed_problems", embeddings=paths.problem_embeddings()),
        log:
            stage.log("embed_problems"),
        conda:
            stage.conda("embed_problems")
        threads: 8
        params:
            **stage.params("embed_problems", CONFIG.embedding.embedder()),
        shell:
            stage.command(
                "embed_problems",
                "--rule embed_problems input.model input.texts output.embeddings",
            )
