"""Preflight: needs nothing, makes preflight/node.json and models/preflight_passed.json.

What the submit host can check by itself it checks before the first job (caco.preflight.start).

Both rules run once, before a run's first model, and have no params or inputs that could run them
again. With one job sure to run, Snakemake 9.27 does not look for changes below it; where an ancient
input then stops the rerun, what has changed there is missed. So the two texts that a rule has are
resources here, which are no reason to re-run.
"""


rule preflight:
    """Checks a node without a GPU: the sandbox, and shared folders."""
    output:
        node=paths.preflight(),
        provenance=stage.record("preflight"),
    log:
        stage.log("preflight"),
    # What a node lacks, it lacks at a second attempt too.
    retries: 0
    conda:
        stage.conda("preflight")
    resources:
        **stage.params("preflight", sandbox=CONFIG.sandbox, folders=model_folders(CONFIG)),
    shell:
        stage.command("preflight", "output.node", texts="resources")


# Models ask for this rule's file rather than for node.json, which is deleted when preflight is run
# again and fails: a missing ancient input is made again, and with it all below.
rule preflight_passed:
    """Reads on the submit host what the node has written, and leaves a marker file."""
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
