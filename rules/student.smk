"""The student: needs the corpus, makes student/manifest.json and its checkpoint."""


rule student:
    """Fine-tunes the student on the corpus's text."""
    input:
        model=paths.model(CONFIG.student.model),
        deepspeed=paths.deepspeed(CONFIG.student.training.zero_stage),
        corpus=paths.corpus(),
    output:
        checkpoint=paths.checkpoint("student"),
        loss=paths.loss("student"),
        provenance=paths.provenance("student", "all"),
    log:
        paths.log("student", "all"),
    conda:
        "../envs/train.yaml"
    threads: 8
    resources:
        save_every_s=1800,
        ranks=1,
    params:
        spec=spec_json(section=CONFIG.student),
        code=code("student"),
    shell:
        "envs/python train scripts/student.py"
        " --model {input.model}"
        " --deepspeed {input.deepspeed}"
        " --save-every {resources.save_every_s}"
        " --ranks {resources.ranks}"
        " --corpus {input.corpus}"
        " --checkpoint {output.checkpoint}"
        " --loss {output.loss}"
        " --spec {params.spec:q} --code {params.code}"
        " --provenance {output.provenance} 2>&1 | tee {log}"
