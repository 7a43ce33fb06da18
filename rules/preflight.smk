"""Preflight: reads nothing, writes preflight/node.json and models/preflight_passed.json.

Both rules run once. Where an ancient input follows a job that is certain to run, Snakemake 9.27 does
not check for changes, so `spec` and `code` are resources here, which are no reason to re-run.
"""


rule preflight:
    """Checks a compute node without a GPU: the sandbox and the shared folders."""
    output:
        **stage.outputs("preflight", node=paths.preflight()),
    log:
        stage.log("preflight"),
    # First of all: every model waits for it.
    priority: 2
    # A second attempt finds the same node.
    retries: 0
    conda:
        stage.conda("preflight")
    resources:
        **stage.params("preflight", sandbox=CONFIG.sandbox, folders=model_folders(CONFIG)),
    shell:
        stage.command("preflight", "output.node", texts="resources")


# Models depend on this file and not on node.json, which a repeated preflight that fails deletes.
rule preflight_passed:
    """Reads the node's result on the submit host, and writes a marker file."""
    input:
        node=ancient(paths.preflight()),
    output:
        **stage.outputs("preflight_passed", marker=paths.preflight_passed()),
    log:
        stage.log("preflight_passed"),
    priority: 2
    conda:
        stage.conda("preflight_passed")
    resources:
        **stage.params("preflight_passed"),
    shell:
        stage.command("preflight_passed", "input.node output.marker", texts="resources")
