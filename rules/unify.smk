"""Unify: needs seeds/{source}.parquet, makes code_cots/{source}.parquet."""


rule unify:
    """Converts seeds into programs, executes them, keeps those that give the known answer."""
    input:
        seeds=paths.seeds(),
    output:
        code_cots=paths.code_cots(),
        rejected=paths.rejected("unify", "{source}"),
        provenance=paths.provenance("unify", "{source}"),
    log:
        paths.log("unify", "{source}"),
    conda:
        "../envs/sandbox.yaml"
    threads: 8
    params:
        spec=lambda w: spec_json(
            unify=CONFIG.sources[w.source].unify, sandbox=CONFIG.sandbox
        ),
        code=code("unify"),
    shell:
        "envs/python sandbox scripts/unify.py"
        " --seeds {input.seeds}"
        " --code-cots {output.code_cots}"
        " --rejected {output.rejected}"
        " --workers {threads}"
        " --spec {params.spec:q} --code {params.code} --identity {wildcards.source}"
        " --provenance {output.provenance} 2>&1 | tee {log}"
