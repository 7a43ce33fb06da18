"""Calibration: needs Code CoTs and seeds, makes calibration/rows.parquet and rates.json."""


rule plant:
    """Makes rows of which it is known whether they are right."""
    input:
        code_cots=expand(paths.code_cots(), source=CONFIG.sources),
        seeds=expand(paths.seeds(), source=CONFIG.sources),
    output:
        planted=paths.planted(),
        provenance=paths.provenance("plant", "all"),
    log:
        paths.log("plant", "all"),
    conda:
        "../envs/sandbox.yaml"
    threads: 8
    params:
        spec=lambda w: spec_json(calibration=CONFIG.calibration, sandbox=CONFIG.sandbox),
        code=code("plant"),
    shell:
        "envs/python sandbox scripts/plant.py"
        " --code-cots {input.code_cots}"
        " --seeds {input.seeds}"
        " --planted {output.planted}"
        " --workers {threads}"
        " --spec {params.spec:q} --code {params.code}"
        " --provenance {output.provenance} 2>&1 | tee {log}"


if CONFIG.reverse.agree:

    rule opine:
        """Asks the judging model of every planted row."""
        input:
            model=paths.model(CONFIG.reverse.agree.model),
            planted=paths.planted(),
        output:
            opinions=paths.opinions(),
            provenance=paths.provenance("opine", "all"),
        log:
            paths.log("opine", "all"),
        conda:
            conda_file(CONFIG.reverse.agree.engine)
        threads: 8
        params:
            spec=spec_json(section=CONFIG.reverse.agree),
            code=code("opine"),
        shell:
            f"envs/python {env_of(CONFIG.reverse.agree.engine)} scripts/opine.py"
            " --model {input.model}"
            " --planted {input.planted}"
            " --opinions {output.opinions}"
            " --spec {params.spec:q} --code {params.code}"
            " --provenance {output.provenance} 2>&1 | tee {log}"


rule calibrate:
    """Tries the dual verification on the planted rows: false accepts and false rejects."""
    input:
        planted=paths.planted(),
        opinions=paths.opinions() if CONFIG.reverse.agree else [],
    output:
        measured=paths.measured(),
        rates=paths.rates(),
        provenance=paths.provenance("calibrate", "all"),
    log:
        paths.log("calibrate", "all"),
    conda:
        "../envs/train.yaml"
    params:
        spec=spec_json(section=CONFIG.reverse.judge),
        code=code("calibrate"),
    shell:
        "envs/python train scripts/calibrate.py"
        " --planted {input.planted}"
        " --opinions {input.opinions}"
        " --measured {output.measured}"
        " --rates {output.rates}"
        " --spec {params.spec:q} --code {params.code}"
        " --provenance {output.provenance} 2>&1 | tee {log}"
