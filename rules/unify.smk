"""Unify: needs seeds/{source}.parquet, makes code_cots/{source}.parquet.

Where a model is the converter, rounds of two rules come first: `draft` generates, `attempt` executes
(each in its own environment, on its own kind of node), and the next round mends what failed.
"""


rule draft:
    """Lets the converter write programs for the seeds that have none yet: one round."""
    input:
        model=lambda w: paths.model(CONVERTERS[w.source].model),
        seeds=paths.seeds(),
        attempts=lambda w: (
            paths.attempts(round_=str(int(w.round) - 1)) if int(w.round) else []
        ),
    output:
        drafts=paths.drafts(),
        provenance=paths.provenance("draft", "{source}-{round}"),
    log:
        paths.log("draft", "{source}-{round}"),
    conda:
        lambda w: conda_file(CONVERTERS[w.source].engine)
    threads: 8
    resources:
        env=lambda w: env_of(CONVERTERS[w.source].engine),
    params:
        spec=lambda w: spec_json(section=CONVERTERS[w.source].drafting()),
        code=code("draft"),
    shell:
        "envs/python {resources.env} scripts/draft.py"
        " --model {input.model}"
        " --seeds {input.seeds}"
        " --attempts {input.attempts}"
        " --round {wildcards.round}"
        " --drafts {output.drafts}"
        " --spec {params.spec:q} --code {params.code}"
        " --identity {wildcards.source}-{wildcards.round}"
        " --provenance {output.provenance} 2>&1 | tee {log}"


rule attempt:
    """Executes a round's drafts and compares them with the known answers."""
    input:
        seeds=paths.seeds(),
        drafts=paths.drafts(),
    output:
        attempts=paths.attempts(),
        provenance=paths.provenance("attempt", "{source}-{round}"),
    log:
        paths.log("attempt", "{source}-{round}"),
    conda:
        "../envs/sandbox.yaml"
    threads: 8
    params:
        spec=spec_json(section=CONFIG.sandbox),
        code=code("attempt"),
    shell:
        "envs/python sandbox scripts/attempt.py"
        " --seeds {input.seeds}"
        " --drafts {input.drafts}"
        " --attempts {output.attempts}"
        " --workers {threads}"
        " --spec {params.spec:q} --code {params.code}"
        " --identity {wildcards.source}-{wildcards.round}"
        " --provenance {output.provenance} 2>&1 | tee {log}"


rule unify:
    """Converts seeds into programs, executes them, keeps those that give the known answer."""
    input:
        seeds=paths.seeds(),
        attempts=lambda w: rounds_of(w.source, paths.attempts(w.source)),
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
        " --attempts {input.attempts}"
        " --code-cots {output.code_cots}"
        " --rejected {output.rejected}"
        " --workers {threads}"
        " --spec {params.spec:q} --code {params.code} --identity {wildcards.source}"
        " --provenance {output.provenance} 2>&1 | tee {log}"
