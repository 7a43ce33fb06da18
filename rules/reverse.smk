"""Reverse: needs the Code CoTs and verified/{shard}.parquet, makes questions to judged."""


rule writer:
    """Teaches the writer questions and solutions on the seeds' own, where it needs teaching."""
    input:
        model=paths.model(CONFIG.writer.model),
        deepspeed=paths.deepspeed(CONFIG.writer.training.zero_stage),
        code_cots=expand(paths.code_cots(), source=CONFIG.sources),
        seeds=expand(paths.seeds(), source=CONFIG.sources),
    output:
        checkpoint=paths.checkpoint("writer"),
        loss=paths.loss("writer"),
        provenance=paths.provenance("writer", "all"),
    log:
        paths.log("writer", "all"),
    conda:
        "../envs/train.yaml"
    threads: 8
    resources:
        save_every_s=1800,
        ranks=1,
    params:
        spec=spec_json(section=CONFIG.writer),
        code=code("writer"),
    shell:
        "envs/python train scripts/writer.py"
        " --model {input.model}"
        " --deepspeed {input.deepspeed}"
        " --save-every {resources.save_every_s}"
        " --ranks {resources.ranks}"
        " --code-cots {input.code_cots}"
        " --seeds {input.seeds}"
        " --checkpoint {output.checkpoint}"
        " --loss {output.loss}"
        " --spec {params.spec:q} --code {params.code}"
        " --provenance {output.provenance} 2>&1 | tee {log}"


rule question:
    """Writes problems for each verified program of a shard."""
    input:
        model=written_by(CONFIG.reverse.question.model),
        verified=paths.shard("verified"),
    output:
        questions=paths.shard("questions"),
        rejected=paths.rejected("question", "{shard}"),
        provenance=paths.provenance("question", "{shard}"),
    log:
        paths.log("question", "{shard}"),
    conda:
        conda_file(CONFIG.reverse.question.engine)
    threads: 8
    params:
        spec=spec_json(section=CONFIG.reverse.question),
        code=code("question"),
    shell:
        f"envs/python {env_of(CONFIG.reverse.question.engine)} scripts/question.py"
        " --model {input.model}"
        " --verified {input.verified}"
        " --questions {output.questions}"
        " --rejected {output.rejected}"
        " --spec {params.spec:q} --code {params.code} --identity {wildcards.shard}"
        " --provenance {output.provenance} 2>&1 | tee {log}"


rule solution:
    """Solves each problem of a shard without sight of its program."""
    input:
        model=written_by(CONFIG.reverse.solution.model),
        questions=paths.shard("questions"),
    output:
        solutions=paths.shard("solutions"),
        rejected=paths.rejected("solution", "{shard}"),
        provenance=paths.provenance("solution", "{shard}"),
    log:
        paths.log("solution", "{shard}"),
    conda:
        conda_file(CONFIG.reverse.solution.engine)
    threads: 8
    params:
        spec=spec_json(section=CONFIG.reverse.solution),
        code=code("solution"),
    shell:
        f"envs/python {env_of(CONFIG.reverse.solution.engine)} scripts/solution.py"
        " --model {input.model}"
        " --questions {input.questions}"
        " --solutions {output.solutions}"
        " --rejected {output.rejected}"
        " --spec {params.spec:q} --code {params.code} --identity {wildcards.shard}"
        " --provenance {output.provenance} 2>&1 | tee {log}"


rule judge:
    """Compares each question and solution of a shard with the executed program, twice."""
    input:
        solutions=paths.shard("solutions"),
    output:
        judged=paths.shard("judged"),
        rejected=paths.rejected("judge", "{shard}"),
        provenance=paths.provenance("judge", "{shard}"),
    log:
        paths.log("judge", "{shard}"),
    conda:
        "../envs/train.yaml"
    params:
        spec=spec_json(section=CONFIG.reverse.judge),
        code=code("judge"),
    shell:
        "envs/python train scripts/judge.py"
        " --solutions {input.solutions}"
        " --judged {output.judged}"
        " --rejected {output.rejected}"
        " --spec {params.spec:q} --code {params.code} --identity {wildcards.shard}"
        " --provenance {output.provenance} 2>&1 | tee {log}"


if CONFIG.reverse.agree:

    rule agree:
        """Asks a model of each row: is the problem solvable, the logic the program's?"""
        input:
            model=paths.model(CONFIG.reverse.agree.model),
            judged=paths.shard("judged"),
        output:
            agreed=paths.shard("agreed"),
            rejected=paths.rejected("agree", "{shard}"),
            provenance=paths.provenance("agree", "{shard}"),
        log:
            paths.log("agree", "{shard}"),
        conda:
            conda_file(CONFIG.reverse.agree.engine)
        threads: 8
        params:
            spec=spec_json(section=CONFIG.reverse.agree),
            code=code("agree"),
        shell:
            f"envs/python {env_of(CONFIG.reverse.agree.engine)} scripts/agree.py"
            " --model {input.model}"
            " --judged {input.judged}"
            " --agreed {output.agreed}"
            " --rejected {output.rejected}"
            " --spec {params.spec:q} --code {params.code} --identity {wildcards.shard}"
            " --provenance {output.provenance} 2>&1 | tee {log}"
