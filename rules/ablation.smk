"""Ablations, if configured: read seeds or solutions, write ablations/{ablation}/manifest.json."""

if CONFIG.ablations:

    rule ablation_corpus:
        """Assembles the rows of an ablation: seeds, or solutions without verification."""
        input:
            unpack(stage.ablation),
            problems=FILE_PROBLEMS,
            held_out=HELD_OUT_PROBLEMS,
        output:
            **stage.outputs("ablation_corpus", rows=paths.ablation_rows()),
        log:
            stage.log("ablation_corpus"),
        conda:
            stage.conda("ablation_corpus")
        resources:
            shards=CONFIG.shards,
        params:
            **stage.params(
                "ablation_corpus",
                ablation=lambda w: CONFIG.ablations[w.ablation],
                settings=lambda w: CONFIG.ablation_settings(w.ablation),
            ),
        shell:
            stage.command(
                "ablation_corpus",
                "input.code_cots input.seeds input.solutions input.checked --shards"
                " {resources.shards} input.corpus input.problems input.held_out output.rows",
            )

    rule ablation_student:
        """Fine-tunes a student on the rows of an ablation, as the student on the corpus."""
        input:
            model=paths.model(CONFIG.student.model),
            deepspeed=paths.deepspeed(CONFIG.student.training.zero_stage),
            corpus=paths.ablation_rows(),
        output:
            **stage.training_outputs("ablation_student"),
        log:
            stage.log("ablation_student"),
        conda:
            stage.conda("ablation_student")
        threads: 8
        resources:
            **TRAINING_RESOURCES,
        params:
            **stage.params("ablation_student", CONFIG.ablation_student()),
        shell:
            stage.training("ablation_student", "--rule ablation_student input.corpus")
