"""Benchmarks: need base and student, make bench/{model}/{benchmark}.parquet and bench/scores.json."""


rule bench_problems:
    """Brings a benchmark's problems into one form."""
    input:
        held_out=held_out_of,
        files=lambda w: LOCAL[f"bench.benchmarks.{w.benchmark}"],
    output:
        problems=paths.bench_problems(),
        provenance=paths.provenance("bench_problems", "{benchmark}"),
    log:
        paths.log("bench_problems", "{benchmark}"),
    conda:
        "../envs/workflow.yaml"
    params:
        spec=lambda w: spec_json(section=CONFIG.bench.benchmarks[w.benchmark]),
        code=code("bench_problems"),
    shell:
        "envs/python workflow scripts/bench_problems.py"
        " --name {wildcards.benchmark}"
        " --held-out {input.held_out}"
        " --problems {output.problems}"
        " --files {input.files}"
        " --spec {params.spec:q} --code {params.code} --identity {wildcards.benchmark}"
        " --provenance {output.provenance} 2>&1 | tee {log}"


rule bench:
    """Puts a benchmark's problems to base or student and grades every answer."""
    input:
        model=lambda w: BENCHMARKED[w.model],
        problems=paths.bench_problems(),
    output:
        graded=paths.graded(),
        provenance=paths.provenance("bench", "{model}-{benchmark}"),
    log:
        paths.log("bench", "{model}-{benchmark}"),
    conda:
        conda_file(CONFIG.bench.engine)
    threads: 8
    params:
        spec=spec_json(
            engine=CONFIG.bench.engine,
            sampling=CONFIG.bench.sampling,
            grader_timeout_s=CONFIG.bench.grader_timeout_s,
            prompt=CONFIG.student.prompt,
        ),
        code=code("bench"),
    shell:
        f"envs/python {env_of(CONFIG.bench.engine)} scripts/bench.py"
        " --model {input.model}"
        " --name {wildcards.model}"
        " --benchmark {wildcards.benchmark}"
        " --problems {input.problems}"
        " --graded {output.graded}"
        " --spec {params.spec:q} --code {params.code}"
        " --identity {wildcards.model}-{wildcards.benchmark}"
        " --provenance {output.provenance} 2>&1 | tee {log}"


rule scores:
    """Counts the grades into pass@1 with intervals, and compares student with base."""
    input:
        graded=expand(
            paths.graded(), model=BENCHMARKED, benchmark=CONFIG.bench.benchmarks
        ),
    output:
        scores=paths.scores(),
        provenance=paths.provenance("scores", "all"),
    log:
        paths.log("scores", "all"),
    conda:
        "../envs/workflow.yaml"
    params:
        spec=spec_json(),
        code=code("scores"),
    shell:
        "envs/python workflow scripts/scores.py"
        " --graded {input.graded}"
        " --scores {output.scores}"
        " --spec {params.spec:q} --code {params.code}"
        " --provenance {output.provenance} 2>&1 | tee {log}"
