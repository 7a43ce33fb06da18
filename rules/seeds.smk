"""Seeds: reads the config's `sources`, writes seeds/{source}.parquet and the held-out set."""


rule data_set:
    """Downloads the files of one source from a hub."""
    output:
        **stage.outputs("data_set", manifest=paths.data_set()),
    log:
        stage.log("data_set"),
    conda:
        stage.conda("data_set")
    params:
        **stage.params("data_set", lambda w: HUB_SOURCES[w.source]),
    shell:
        stage.command("data_set", "--source {wildcards.source} output.manifest")


rule seeds:
    """Reads the seeds of one source: problems with known answers."""
    input:
        files=lambda w: (
            paths.data_set(w.source)
            if w.source in HUB_SOURCES
            else local_files(f"sources.{w.source}")
        ),
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
