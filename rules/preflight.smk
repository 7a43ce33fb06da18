"""Preflight: needs a seed file as proof of a shared folder, makes preflight/node.json and its word.

What the submitting side can see by itself it looks at before the first job (caco.preflight.start).
"""


rule preflight:
    """Tries on a node without a GPU what the run counts on: the sandbox, and shared folders."""
    input:
        # Written by the submitting side. A node that reads it works in the same folder.
        seeds=ancient(paths.seeds(next(iter(CONFIG.sources)))),
    output:
        node=paths.preflight(),
        provenance=paths.provenance("preflight", "all"),
    log:
        paths.log("preflight", "all"),
    # What a node lacks it lacks at a second attempt too.
    retries: 0
    conda:
        "../envs/sandbox.yaml"
    params:
        spec=spec_json(sandbox=CONFIG.sandbox, folders=model_folders(CONFIG)),
        code=code("preflight"),
    shell:
        "envs/python sandbox scripts/preflight.py"
        " --seeds {input.seeds}"
        " --node {output.node}"
        " --spec {params.spec:q} --code {params.code}"
        " --provenance {output.provenance} 2>&1 | tee {log}"


# Snakemake runs again what an ancient input is missing for, and deletes the outputs of a failed
# job: if the models asked for node.json itself, a preflight that is run again and fails would have
# every model and all below it made anew. This rule's file is there from the first success on.
rule cleared:
    """Reads on the submitting side what the node has written."""
    input:
        node=ancient(paths.preflight()),
    output:
        cleared=paths.cleared(),
        provenance=paths.provenance("cleared", "all"),
    log:
        paths.log("cleared", "all"),
    conda:
        "../envs/workflow.yaml"
    params:
        spec=spec_json(),
        code=code("cleared"),
    shell:
        "envs/python workflow scripts/cleared.py"
        " --node {input.node}"
        " --cleared {output.cleared}"
        " --spec {params.spec:q} --code {params.code}"
        " --provenance {output.provenance} 2>&1 | tee {log}"
