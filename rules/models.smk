"""Models from outside: needs the config's `models`, makes models/{model}/manifest.json."""


rule model:
    """Brings a model here, checks its digest, and makes an ordinary checkpoint of it."""
    input:
        # Every job with a GPU needs a model, so none starts before a node was found fit.
        cleared=ancient(paths.cleared()),
        files=lambda w: LOCAL[f"models.{w.model}"],
    output:
        manifest=paths.model(),
        provenance=paths.provenance("model", "{model}"),
    log:
        paths.log("model", "{model}"),
    conda:
        "../envs/train.yaml"
    threads: 8
    params:
        spec=lambda w: spec_json(section=CONFIG.models[w.model]),
        code=code("model"),
    shell:
        "envs/python train scripts/model.py"
        " --name {wildcards.model}"
        " --manifest {output.manifest}"
        " --files {input.files}"
        " --spec {params.spec:q} --code {params.code} --identity {wildcards.model}"
        " --provenance {output.provenance} 2>&1 | tee {log}"
