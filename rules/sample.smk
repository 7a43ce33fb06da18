"""Sampling: needs the code generator, makes programs/{shard}.parquet."""


rule sample:
    """Samples one shard of new programs, unconditionally."""
    input:
        model=paths.checkpoint("codegen"),
    output:
        programs=paths.shard("programs"),
        provenance=paths.provenance("sample", "{shard}"),
    log:
        paths.log("sample", "{shard}"),
    conda:
        conda_file(CONFIG.sample.engine)
    threads: 8
    params:
        spec=spec_json(section=CONFIG.sample),
        code=code("sample"),
    shell:
        f"envs/python {env_of(CONFIG.sample.engine)} scripts/sample.py"
        " --model {input.model}"
        " --shard {wildcards.shard}"
        " --programs {output.programs}"
        " --spec {params.spec:q} --code {params.code} --identity {wildcards.shard}"
        " --provenance {output.provenance} 2>&1 | tee {log}"
