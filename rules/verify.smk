"""Verification: reads programs/{shard}.parquet, writes verified/{shard}.parquet."""


rule verify:
    """Executes a shard's programs in the sandbox and applies the verification rules."""
    input:
        programs=paths.shard("programs"),
    output:
        **stage.outputs("verify", verified=paths.shard("verified")),
    log:
        stage.log("verify"),
    conda:
        stage.conda("verify")
    threads: 8
    params:
        **stage.params("verify", verify=CONFIG.verify, sandbox=CONFIG.sandbox),
    shell:
        stage.command("verify", "input.programs output.verified --workers {threads}")
