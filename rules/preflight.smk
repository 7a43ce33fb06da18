"""Preflight: reads nothing, writes preflight/node.json and models/preflight_passed.json.

The checks of the submit host run before the first job (caco.preflight.start).

Both rules run once, before a run's first model, and have no params or inputs that could re-run
them. If a job is certain to run, Snakemake 9.27 does not check for changes downstream of it; if an
ancient input then stops the rerun, those changes are missed. So `spec` and `code` are resources
here, which Snakemake does not treat as a reason to re-run.
"""


rule preflight:
    """Checks a compute node without a GPU: the sandbox and the shared folders."""
    output:
        node=paths.preflight(),
        provenance=stage.record("preflight"),
    log:
        stage.log("preflight"),
    # A second attempt finds the same node.
    retries: 0
    conda:
        stage.conda("preflight")
    resources:
        **stage.params("preflight", sandbox=CONFIG.sandbox, folders=model_folders(CONFIG)),
    shell:
        stage.command("preflight", "output.node", texts="resources")


# Models depend on this rule's file and not on node.json, which Snakemake deletes if preflight runs
# again and fails: a missing ancient input re-runs everything downstream.
rule preflight_passed:
    """Reads the node's result on the submit host, and writes a marker file."""
    input:
        node=ancient(paths.preflight()),
    output:
        marker=paths.preflight_passed(),
        provenance=stage.record("preflight_passed"),
    log:
        stage.log("preflight_passed"),
    conda:
        stage.conda("preflight_passed")
    resources:
        **stage.params("preflight_passed"),
    shell:
        stage.command("preflight_passed", "input.node output.marker", texts="resources")
