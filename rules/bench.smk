"""Benchmarks: read base and student, write answers, grades and bench/scores.json."""


rule bench_problems:
    """Reads a benchmark's problems as seeds."""
    input:
        held_out=stage.held_out,
        files=lambda w: local_files(f"bench.benchmarks.{w.benchmark}"),
    output:
        **stage.outputs("bench_problems", problems=paths.bench_problems()),
    log:
        stage.log("bench_problems"),
    conda:
        stage.conda("bench_problems")
    params:
        **stage.params("bench_problems", lambda w: CONFIG.benchmark_problems(w.benchmark)),
    shell:
        stage.command(
            "bench_problems",
            "--name {wildcards.benchmark} input.held_out output.problems input.files",
        )


rule answer:
    """Generates the answers of base or student to a benchmark's problems."""
    input:
        model=lambda w: MODELS[w.model],
        problems=paths.bench_problems(),
    output:
        **stage.outputs("answer", answers=paths.answers()),
    log:
        stage.log("answer"),
    # The base's answers are needed for the scores alone: the student's corpus comes first.
    priority: -1
    conda:
        stage.conda("answer")
    threads: 8
    params:
        **stage.params("answer", lambda w: CONFIG.answering(w.benchmark)),
    shell:
        stage.command(
            "answer",
            "input.model --name {wildcards.model} --benchmark {wildcards.benchmark}"
            " input.problems output.answers",
        )


rule grade:
    """Grades every answer; a changed grader generates no answer again."""
    input:
        answers=paths.answers(),
    output:
        **stage.outputs("grade", graded=paths.graded()),
    log:
        stage.log("grade"),
    conda:
        stage.conda("grade")
    params:
        **stage.params("grade", lambda w: CONFIG.grading(w.benchmark)),
    shell:
        stage.command("grade", "input.answers output.graded")


rule scores:
    """Computes pass@1 with intervals, and compares student with base."""
    input:
        graded=expand(paths.graded(), model=MODELS, benchmark=CONFIG.bench.benchmarks),
    output:
        **stage.outputs(
            "scores",
            scores=report(paths.scores(), caption="captions/scores.rst", category="Run"),
        ),
    log:
        stage.log("scores"),
    conda:
        stage.conda("scores")
    params:
        **stage.params("scores", published=CONFIG.published()),
    shell:
        stage.command("scores", "input.graded output.scores")
