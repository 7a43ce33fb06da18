"""Verification: needs programs/{shard}.parquet, makes verified/{shard}.parquet."""


rule verify:
    """Executes a shard's programs in the sandbox and holds them against the rules."""
    input:
        programs=paths.shard("programs"),
    output:
        verified=paths.shard("verified"),
        rejected=paths.rejected("verify", "{shard}"),
        provenance=paths.provenance("verify", "{shard}"),
    log:
        paths.log("verify", "{shard}"),
    conda:
        "../envs/sandbox.yaml"
    threads: 8
    params:
        spec=spec_json(verify=CONFIG.verify, sandbox=CONFIG.sandbox),
        code=code("verify"),
    shell:
        "envs/python sandbox scripts/verify.py"
        " --programs {input.programs}"
        " --verified {output.verified}"
        " --rejected {output.rejected}"
        " --workers {threads}"
        " --spec {params.spec:q} --code {params.code} --identity {wildcards.shard}"
        " --provenance {output.provenance} 2>&1 | tee {log}"
