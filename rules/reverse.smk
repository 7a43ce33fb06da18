"""Reverse: reads Code CoTs and verified programs, writes questions, solutions, judged, checked."""


rule writer:
    """Fine-tunes the writer on the seeds' own questions and solutions, if configured."""
    input:
        model=paths.model(CONFIG.writer.model),
        deepspeed=paths.deepspeed(CONFIG.writer.training.zero_stage),
        code_cots=expand(paths.code_cots(), source=CONFIG.sources),
        seeds=expand(paths.seeds(), source=CONFIG.sources),
    output:
        **stage.training_outputs("writer"),
    log:
        stage.log("writer"),
    # The longest jobs start first: much depends on them.
    priority: 1
    conda:
        stage.conda("writer")
    threads: 8
    resources:
        **TRAINING_RESOURCES,
    params:
        **stage.params("writer", CONFIG.writer),
    shell:
        stage.training("writer", "input.code_cots input.seeds")


rule question:
    """Generates questions for each verified program of a shard."""
    input:
        **stage.examples(CONFIG.reverse.question),
        model=stage.written_by(CONFIG.reverse.question.model),
        verified=paths.shard("verified"),
    output:
        **stage.outputs("question", questions=paths.shard("questions")),
    log:
        stage.log("question"),
    conda:
        stage.conda("question")
    threads: 8
    params:
        **stage.params("question", CONFIG.reverse.question),
    shell:
        stage.writing("question", "input.verified output.questions")


if CONFIG.reverse.round_trip:

    rule redraft:
        """Writes programs from each question of a shard, without access to its program."""
        input:
            **stage.examples(CONFIG.reverse.round_trip),
            model=paths.model(CONFIG.reverse.round_trip.model),
            questions=paths.shard("questions"),
        output:
            **stage.outputs("redraft", redrafts=paths.shard("redrafts")),
        log:
            stage.log("redraft"),
        conda:
            stage.conda("redraft")
        threads: 8
        params:
            **stage.params("redraft", CONFIG.reverse.round_trip.redrafting()),
        shell:
            stage.writing("redraft", "input.questions output.redrafts")

    rule round_trip:
        """Executes these programs; accepts a question if enough have its program's output."""
        input:
            questions=paths.shard("questions"),
            redrafts=paths.shard("redrafts"),
        output:
            **stage.outputs("round_trip", round_trips=paths.shard("round_trips")),
        log:
            stage.log("round_trip"),
        conda:
            stage.conda("round_trip")
        threads: 8
        params:
            **stage.params(
                "round_trip",
                agreement=CONFIG.reverse.round_trip.agreement,
                sandbox=CONFIG.sandbox,
            ),
        shell:
            stage.command(
                "round_trip",
                "input.questions input.redrafts output.round_trips --workers {threads}",
            )


rule solution:
    """Generates a solution of each question of a shard, without access to the program."""
    input:
        **stage.examples(CONFIG.reverse.solution),
        model=stage.written_by(CONFIG.reverse.solution.model),
        questions=paths.shard(ASKED),
    output:
        **stage.outputs("solution", solutions=paths.shard("solutions")),
    log:
        stage.log("solution"),
    conda:
        stage.conda("solution")
    threads: 8
    params:
        **stage.params("solution", CONFIG.reverse.solution),
    shell:
        stage.writing("solution", "input.questions output.solutions")


rule judge:
    """Checks each question and solution of a shard against the executed program, exactly."""
    input:
        solutions=paths.shard("solutions"),
    output:
        **stage.outputs("judge", judged=paths.shard("judged")),
    log:
        stage.log("judge"),
    conda:
        stage.conda("judge")
    params:
        **stage.params("judge", CONFIG.reverse.judge),
    shell:
        stage.command("judge", "input.solutions output.judged")


if CONFIG.reverse.llm_judge:

    rule llm_judge:
        """Judges each row with a model: is the problem solvable, the logic the program's?"""
        input:
            model=paths.model(CONFIG.reverse.llm_judge.model),
            judged=paths.shard("judged"),
        output:
            **stage.outputs("llm_judge", llm_judged=paths.shard("llm_judged")),
        log:
            stage.log("llm_judge"),
        conda:
            stage.conda("llm_judge")
        threads: 8
        params:
            **stage.params("llm_judge", CONFIG.reverse.llm_judge),
        shell:
            stage.command("llm_judge", "input.model input.judged output.llm_judged")


rule check:
    """Computes the statements of each judged solution; a false one rejects its row."""
    input:
        judged=paths.shard(JUDGED),
    output:
        **stage.outputs("check", checked=paths.shard("checked")),
    log:
        stage.log("check"),
    conda:
        stage.conda("check")
    params:
        **stage.params("check", CONFIG.reverse.check),
    shell:
        stage.command("check", "input.judged output.checked")
