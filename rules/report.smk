"""The report: needs every record, row and score of the run, makes funnel.json and report.html."""


rule report:
    """Counts the whole funnel and puts the run on one page."""
    input:
        records=[
            *expand(paths.provenance("model", "{model}"), model=USED_MODELS),
            *expand(paths.provenance("seeds", "{source}"), source=CONFIG.sources),
            *expand(paths.provenance("unify", "{source}"), source=CONFIG.sources),
            *expand(paths.provenance("{trained}", "all"), trained=TRAINED),
            *expand(
                paths.provenance("bench_problems", "{benchmark}"),
                benchmark=CONFIG.bench.benchmarks,
            ),
            *expand(
                paths.provenance("bench", "{model}-{benchmark}"),
                model=BENCHMARKED,
                benchmark=CONFIG.bench.benchmarks,
            ),
            paths.provenance("corpus", "all"),
            paths.provenance("scores", "all"),
        ],
        shard_records=expand(SHARD_RECORDS, shard=SHARDS),
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
        ],
        shard_rows=expand(SHARD_ROWS, shard=SHARDS),
        corpus=paths.corpus(),
        losses=[paths.loss(trained) for trained in TRAINED],
        scores=paths.scores(),
    output:
        funnel=paths.funnel(),
        report=paths.report(),
        provenance=paths.provenance("report", "all"),
    params:
        spec=spec_json(run=CONFIG.run),
        code=code("report"),
    log:
        paths.log("report", "all"),
    conda:
        "../envs/workflow.yaml"
    shell:
        "{PYTHON[workflow]} scripts/report.py"
        " --records {input.records} {SHARD_RECORDS}"
        " --rows {input.rows} {SHARD_ROWS}"
        " --shards {CONFIG.shards}"
        " --corpus {input.corpus}"
        " --losses {input.losses}"
        " --scores {input.scores}"
        " --funnel {output.funnel}"
        " --report {output.report}"
        " --spec {params.spec:q} --code {params.code}"
        " --provenance {output.provenance} 2>&1 | tee {log}"
