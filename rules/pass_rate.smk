"""Pass rates, if configured: read checked shards, write pass_rates/{shard}.parquet."""

if CONFIG.pass_rate:

    rule rollout:
        """Generates a model's answers to the questions of a shard."""
        input:
            model=paths.model(CONFIG.pass_rate.model),
            checked=paths.shard("checked"),
        output:
            **stage.outputs("rollout", rollouts=paths.shard("rollouts")),
        log:
            stage.log("rollout"),
        conda:
            stage.conda("rollout")
        threads: 8
        params:
            **stage.params("rollout", CONFIG.pass_rate.answering()),
        shell:
            stage.command("rollout", "input.model input.checked output.rollouts")

    rule pass_rate:
        """Counts the right answers; a changed grader generates no answer again."""
        input:
            rollouts=paths.shard("rollouts"),
        output:
            **stage.outputs("pass_rate", pass_rates=paths.shard("pass_rates")),
        log:
            stage.log("pass_rate"),
        conda:
            stage.conda("pass_rate")
        params:
            **stage.params("pass_rate", CONFIG.pass_rate.grading()),
        shell:
            stage.command("pass_rate", "input.rollouts output.pass_rates")
