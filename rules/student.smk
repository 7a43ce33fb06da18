"""The student: reads the corpus, writes student/manifest.json and its checkpoint."""


rule student:
    """Fine-tunes the student on the corpus."""
    input:
        model=paths.model(CONFIG.student.model),
        deepspeed=paths.deepspeed(CONFIG.student.training.zero_stage),
        corpus=paths.corpus(),
    output:
        checkpoint=paths.checkpoint("student"),
        loss=paths.loss("student"),
        provenance=stage.record("student"),
    log:
        stage.log("student"),
    conda:
        stage.conda("student")
    threads: 8
    resources:
        save_every_s=1800,
        ranks=1,
    params:
        **stage.params("student", CONFIG.student),
    shell:
        stage.command(
            "student",
            f"input.model input.deepspeed {TRAINING} input.corpus output.checkpoint output.loss",
        )
