"""The code generator: reads every Code CoT, writes codegen/manifest.json and its checkpoint."""


rule codegen:
    """Fine-tunes the code generator on Code CoTs without prompts."""
    input:
        model=paths.model(CONFIG.codegen.model),
        deepspeed=paths.deepspeed(CONFIG.codegen.training.zero_stage),
        code_cots=expand(paths.code_cots(), source=CONFIG.sources),
    output:
        **stage.training_outputs("codegen"),
    log:
        stage.log("codegen"),
    # The longest jobs start first: much depends on them.
    priority: 1
    conda:
        stage.conda("codegen")
    threads: 8
    resources:
        **TRAINING_RESOURCES,
    params:
        **stage.params("codegen", CONFIG.codegen),
    shell:
        stage.training("codegen", "input.code_cots")
