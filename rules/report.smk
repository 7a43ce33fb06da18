"""The report: needs every record, row and score of the run, makes funnel.json and report.html."""


rule report:
    """Counts the whole funnel and puts the run on one page."""
    input:
        records=[
            paths.provenance(rule, identity)
            for rule, identities in JOBS.items()
            if rule not in ("preflight", "cleared", "report")
            for identity in (identities[:1] if rule in SHARD_STEPS else identities)
        ],
        # A record is written with its job's rows: it stands for them where there are many.
        more_records=[
            paths.provenance(step, shard)
            for step in SHARD_STEPS
            for shard in SHARDS[1:]
        ],
        rows=[
            *expand(paths.seeds(), source=CONFIG.sources),
            *expand(paths.held_out(), source=CONFIG.sources),
            *expand(paths.rejected("seeds", "{source}"), source=CONFIG.sources),
            *expand(paths.code_cots(), source=CONFIG.sources),
            *expand(paths.rejected("unify", "{source}"), source=CONFIG.sources),
            paths.corpus(),
            paths.rejected("corpus", "all"),
            *expand(
                paths.graded(), model=BENCHMARKED, benchmark=CONFIG.bench.benchmarks
            ),
            *expand(SHARD_ROWS, shard=SHARDS[0]),
        ],
        corpus=paths.corpus(),
        losses=[paths.loss(trained) for trained in CONFIG.trained],
        scores=paths.scores(),
        rates=paths.rates() if CONFIG.calibration else [],
    output:
        funnel=paths.funnel(),
        report=paths.report(),
        provenance=paths.provenance("report", "all"),
    log:
        paths.log("report", "all"),
    conda:
        "../envs/workflow.yaml"
    resources:
        shards=CONFIG.shards,
    params:
        spec=spec_json(run=CONFIG.run),
        code=code("report"),
    shell:
        "envs/python workflow scripts/report.py"
        " --records {input.records}"
        " --rows {input.rows}"
        " --shards {resources.shards}"
        " --corpus {input.corpus}"
        " --losses {input.losses}"
        " --scores {input.scores}"
        " --rates {input.rates}"
        " --funnel {output.funnel}"
        " --report {output.report}"
        " --spec {params.spec:q} --code {params.code}"
        " --provenance {output.provenance} 2>&1 | tee {log}"
