"""The code generator: needs every Code CoT, makes codegen/manifest.json and its checkpoint."""


rule codegen:
    """Fine-tunes the code generator on Code CoTs alone."""
    input:
        model=paths.model(CONFIG.codegen.model),
        deepspeed=paths.deepspeed(CONFIG.codegen.training.zero_stage),
        code_cots=expand(paths.code_cots(), source=CONFIG.sources),
    output:
        checkpoint=paths.checkpoint("codegen"),
        loss=paths.loss("codegen"),
        provenance=paths.provenance("codegen", "all"),
    log:
        paths.log("codegen", "all"),
    conda:
        "../envs/train.yaml"
    threads: 8
    resources:
        save_every_s=1800,
        ranks=1,
    params:
        spec=spec_json(section=CONFIG.codegen),
        code=code("codegen"),
    shell:
        "envs/python train scripts/codegen.py"
        " --model {input.model}"
        " --deepspeed {input.deepspeed}"
        " --save-every {resources.save_every_s}"
        " --ranks {resources.ranks}"
        " --code-cots {input.code_cots}"
        " --checkpoint {output.checkpoint}"
        " --loss {output.loss}"
        " --spec {params.spec:q} --code {params.code}"
        " --provenance {output.provenance} 2>&1 | tee {log}"
