"""Preflight: makes preflight/node.json on a node, and the submitting side's word on it.

What the submitting side can see by itself it looks at before the first job (caco.preflight.start).

Both rules are done once: no params, and no input that another rule makes. Every model waits for
them, and Snakemake does not look for changes below a job that is to run, ancient or not: were they
to run again with a setting or with their code, it would plan nothing else, whatever had changed.
"""


rule preflight:
    """Tries on a node without a GPU what the run counts on: the sandbox, and shared folders."""
    output:
        node=paths.preflight(),
        provenance=paths.provenance("preflight", "all"),
    log:
        paths.log("preflight", "all"),
    # What a node lacks it lacks at a second attempt too.
    retries: 0
    conda:
        "../envs/sandbox.yaml"
    resources:
        # A resource is no reason to run again.
        spec=spec_json(sandbox=CONFIG.sandbox, folders=model_folders(CONFIG)),
    shell:
        "envs/python sandbox scripts/preflight.py"
        " --node {output.node}"
        " --spec {resources.spec:q}"
        " --provenance {output.provenance} 2>&1 | tee {log}"


# Snakemake runs again what an ancient input is missing for: if the models asked for node.json
# itself, whoever deletes it, to have a node tried again, would have every model and all below it
# made anew. This rule's file lies elsewhere.
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
    shell:
        "envs/python workflow scripts/cleared.py"
        " --node {input.node}"
        " --cleared {output.cleared}"
        " --spec {{}}"
        " --provenance {output.provenance} 2>&1 | tee {log}"
