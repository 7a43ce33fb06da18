"""The report: reads every record, row and score of the run, writes funnel.json and report.html."""


rule report:
    """Counts the rows of the complete funnel and draws the run on one page."""
    input:
        records=report_records(CONFIG, paths),
        # A record is written with its job's rows, and represents them for all but the first shard.
        more_records=[paths.provenance(s, shard) for s in SHARD_FILES for shard in SHARDS[1:]],
        rows=row_files(CONFIG, paths),
        corpus=paths.corpus(),
        losses=loss_files(jobs_of(CONFIG), paths),
        scores=paths.scores(),
        rates=paths.rates() if CONFIG.calibration else [],
        seed_embeddings=[
            paths.problem_embeddings("seeds", s) for s in CONFIG.sources if CONFIG.embedding
        ],
        embeddings=[paths.shard("embeddings", s) for s in SHARDS[:1] if CONFIG.embedding],
    output:
        **stage.outputs(
            "report",
            funnel=report(paths.funnel(), caption="captions/funnel.rst", category="Run"),
            report=report(paths.report(), caption="captions/report.rst", category="Run"),
        ),
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
            " input.scores input.rates input.seed_embeddings input.embeddings output.funnel"
            " output.report",
        )
