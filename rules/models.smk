"""Models from outside: needs the config's `models`, makes models/{model}/manifest.json."""


rule model:
    """Brings a model here, checks its digest, and makes an ordinary checkpoint of it."""
    input:
        files=lambda w: LOCAL[f"models.{w.model}"],
    output:
        manifest=paths.model(),
        provenance=paths.provenance("model", "{model}"),
    params:
        spec=lambda w: spec_json(section=CONFIG.models[w.model]),
        code=code("model"),
    threads: 8
    log:
        paths.log("model", "{model}"),
    conda:
        "../envs/train.yaml"
    shell:
        "{PYTHON[train]} scripts/model.py"
        " --name {wildcards.model}"
        " --manifest {output.manifest}"
        " --files {input.files}"
        " --spec {params.spec:q} --code {params.code} --identity {wildcards.model}"
        " --provenance {output.provenance} 2>&1 | tee {log}"
