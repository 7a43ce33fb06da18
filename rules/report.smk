"""The report: needs every record, row and score of the run, makes funnel.json and report.html."""


rule report:
    """Counts the whole funnel and puts the run on one page."""
    input:
        records=records_in_full(CONFIG, paths),
        # A record is written with its job's rows: it stands for them where there are many.
        more_records=[paths.provenance(s, shard) for s in SHARD_FILES for shard in SHARDS[1:]],
        rows=row_files(CONFIG, paths),
        corpus=paths.corpus(),
        losses=[paths.loss(trained) for trained in CONFIG.trained],
        scores=paths.scores(),
        rates=paths.rates() if CONFIG.calibration else [],
    output:
        funnel=paths.funnel(),
        report=paths.report(),
        provenance=stage.record("report"),
    log:
        stage.log("report"),
    conda:
        stage.conda("report")
    resources:
        shards=CONFIG.shards,
    params:
        **stage.params("report", run=CONFIG.run),
    shell:
        stage.command(
            "report",
            "input.records input.rows --shards {resources.shards} input.corpus input.losses"
            " input.scores input.rates output.funnel output.report",
        )
