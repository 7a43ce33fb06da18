"""Unify: reads seeds, writes code_cots/{source}.parquet; a converter that is a model has rounds."""


rule draft:
    """Drafts programs with a model, in one round, for the seeds without an accepted program."""
    input:
        model=lambda w: paths.model(CONVERTERS[w.source].model),
        seeds=paths.seeds(),
        attempts=lambda w: (paths.attempts(round_=str(int(w.round) - 1)) if int(w.round) else []),
    output:
        **stage.outputs("draft", drafts=paths.drafts()),
    log:
        stage.log("draft"),
    conda:
        lambda w: conda_file(environment_of(CONVERTERS[w.source].engine))
    threads: 8
    resources:
        env=lambda w: environment_of(CONVERTERS[w.source].engine),
    params:
        **stage.params("draft", lambda w: CONVERTERS[w.source].drafting()),
    shell:
        stage.command(
            "draft",
            "input.model input.seeds input.attempts --round {wildcards.round} output.drafts",
            env="{resources.env}",
        )


rule attempt:
    """Executes the drafts of a round; the next round drafts again what failed."""
    input:
        seeds=paths.seeds(),
        drafts=paths.drafts(),
    output:
        **stage.outputs("attempt", attempts=paths.attempts()),
    log:
        stage.log("attempt"),
    conda:
        stage.conda("attempt")
    threads: 8
    params:
        **stage.params("attempt", CONFIG.unifying()),
    shell:
        stage.command("attempt", "input.seeds input.drafts output.attempts --workers {threads}")


rule unify:
    """Converts seeds into programs, executes them, accepts those with the known answer."""
    input:
        seeds=paths.seeds(),
        attempts=lambda w: stage.rounds(w.source, paths.attempts(w.source)),
        held_out=[paths.held_out(source) for source in CONFIG.held_out()],
        problems=FILE_PROBLEMS,
    output:
        **stage.outputs("unify", code_cots=paths.code_cots()),
    log:
        stage.log("unify"),
    conda:
        stage.conda("unify")
    threads: 8
    params:
        **stage.params(
            "unify",
            unify=lambda w: CONFIG.sources[w.source].unify,
            checks=CONFIG.unifying(),
            decontaminate=CONFIG.corpus.decontaminate.of_seeds(),
        ),
    shell:
        stage.command(
            "unify",
            "input.seeds input.attempts input.held_out input.problems output.code_cots"
            " --workers {threads}",
        )
