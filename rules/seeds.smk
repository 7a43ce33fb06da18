"""Seeds: needs the config's `sources`, makes seeds/{source}.parquet and its held-out part."""


rule seeds:
    """Reads one source into seeds: problems with known answers."""
    input:
        files=lambda w: LOCAL[f"sources.{w.source}"],
    output:
        seeds=paths.seeds(),
        held_out=paths.held_out(),
        rejected=paths.rejected("seeds", "{source}"),
        provenance=paths.provenance("seeds", "{source}"),
    log:
        paths.log("seeds", "{source}"),
    conda:
        "../envs/workflow.yaml"
    params:
        spec=lambda w: spec_json(section=CONFIG.sources[w.source].seeds),
        code=code("seeds"),
    shell:
        "envs/python workflow scripts/seeds.py"
        " --source {wildcards.source}"
        " --seeds {output.seeds}"
        " --held-out {output.held_out}"
        " --rejected {output.rejected}"
        " --files {input.files}"
        " --spec {params.spec:q} --code {params.code} --identity {wildcards.source}"
        " --provenance {output.provenance} 2>&1 | tee {log}"
