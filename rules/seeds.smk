"""Seeds: reads the config's `sources`, writes seeds/{source}.parquet and the held-out set."""


rule seeds:
    """Reads the seeds of one source: problems with known answers."""
    input:
        files=lambda w: local_files(f"sources.{w.source}"),
    output:
        **stage.outputs("seeds", seeds=paths.seeds(), held_out=paths.held_out()),
    log:
        stage.log("seeds"),
    conda:
        stage.conda("seeds")
    params:
        **stage.params("seeds", lambda w: CONFIG.sources[w.source].seeds),
    shell:
        stage.command(
            "seeds", "--source {wildcards.source} output.seeds output.held_out input.files"
        )
