"""Sampling: reads the code generator, writes programs/{shard}.parquet."""


rule sample:
    """Samples one shard of new programs without prompts."""
    input:
        model=paths.checkpoint("codegen"),
    output:
        **stage.outputs("sample", programs=paths.shard("programs")),
    log:
        stage.log("sample"),
    conda:
        stage.conda("sample")
    threads: 8
    params:
        **stage.params("sample", CONFIG.sample),
    shell:
        stage.command("sample", "input.model --shard {wildcards.shard} output.programs")
