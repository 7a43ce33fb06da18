"""The export: reads the corpus and its card, writes a folder that a hub can publish."""


rule export:
    """Writes the corpus as a data set with the configurations `sft` and `rlvr`, and its card."""
    input:
        corpus=paths.corpus(),
        corpus_card=paths.corpus_card(),
        seeds=expand(paths.seeds(), source=CONFIG.sources),
    output:
        **stage.outputs(
            "export",
            card=paths.export_card(),
            sft=paths.exported("sft"),
            rlvr=paths.exported("rlvr"),
        ),
    log:
        stage.log("export"),
    conda:
        stage.conda("export")
    params:
        **stage.params("export", CONFIG.export),
    shell:
        stage.command(
            "export",
            "input.corpus input.corpus_card input.seeds output.card output.sft output.rlvr",
        )
