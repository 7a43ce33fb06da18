"""The student: reads the corpus, writes student/manifest.json and its checkpoint."""


rule student:
    """Fine-tunes the student on the corpus."""
    input:
        model=paths.model(CONFIG.student.model),
        deepspeed=paths.deepspeed(CONFIG.student.training.zero_stage),
        corpus=paths.corpus(),
    output:
        **stage.training_outputs("student"),
    log:
        stage.log("student"),
    conda:
        stage.conda("student")
    threads: 8
    resources:
        **TRAINING_RESOURCES,
    params:
        **stage.params("student", CONFIG.student),
    shell:
        stage.training("student", "input.corpus")
