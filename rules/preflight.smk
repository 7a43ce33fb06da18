"""Preflight: needs nothing, makes preflight/node.json and models/cleared.json.

What the submitting side can see by itself it looks at before the first job (caco.preflight.start).

Both rules run once, before a run's first model, and have no params or inputs that could run them
again. With one job sure to run, Snakemake 9.27 does not look at those below it, since they follow;
where an ancient input then holds them back, what has changed there is not seen. So the two texts
that a rule has are resources here, which are no reason to re-run.
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
        spec=spec_json(sandbox=CONFIG.sandbox, folders=model_folders(CONFIG)),
        code=code("preflight"),
    shell:
        "envs/python sandbox scripts/preflight.py"
        " --node {output.node}"
        " --spec {resources.spec:q} --code {resources.code}"
        " --provenance {output.provenance} 2>&1 | tee {log}"


# The models ask for this rule's file rather than for node.json, which goes when preflight is run
# again and fails: what an ancient input is missing for is run again, and all below it.
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
    resources:
        spec=spec_json(),
        code=code("cleared"),
    shell:
        "envs/python workflow scripts/cleared.py"
        " --node {input.node}"
        " --cleared {output.cleared}"
        " --spec {resources.spec:q} --code {resources.code}"
        " --provenance {output.provenance} 2>&1 | tee {log}"
