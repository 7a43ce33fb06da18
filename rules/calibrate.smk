"""Calibration: reads Code CoTs and seeds, writes calibration/rows.parquet and rates.json."""


rule plant:
    """Plants rows that are known to be right or wrong."""
    input:
        code_cots=expand(paths.code_cots(), source=CONFIG.sources),
        seeds=expand(paths.seeds(), source=CONFIG.sources),
    output:
        **stage.outputs("plant", planted=paths.planted()),
    log:
        stage.log("plant"),
    conda:
        stage.conda("plant")
    threads: 8
    params:
        **stage.params("plant", calibration=CONFIG.calibration, sandbox=CONFIG.sandbox),
    shell:
        stage.command("plant", "input.code_cots input.seeds output.planted --workers {threads}")


if CONFIG.reverse.llm_judge:

    rule judge_planted:
        """Judges every planted row with the LLM judge."""
        input:
            model=paths.model(CONFIG.reverse.llm_judge.model),
            planted=paths.planted(),
        output:
            **stage.outputs("judge_planted", judgements=paths.judgements()),
        log:
            stage.log("judge_planted"),
        conda:
            stage.conda("judge_planted")
        threads: 8
        params:
            **stage.params("judge_planted", CONFIG.reverse.llm_judge),
        shell:
            stage.command("judge_planted", "input.model input.planted output.judgements")


rule calibrate:
    """Measures false accepts and false rejects of the checks on the planted rows."""
    input:
        planted=paths.planted(),
        judgements=paths.judgements() if CONFIG.reverse.llm_judge else [],
    output:
        **stage.outputs("calibrate", measured=paths.measured(), rates=paths.rates()),
    log:
        stage.log("calibrate"),
    conda:
        stage.conda("calibrate")
    params:
        **stage.params("calibrate", CONFIG.reverse.judge),
    shell:
        stage.command("calibrate", "input.planted input.judgements output.measured output.rates")
