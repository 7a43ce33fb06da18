"""Pretrained models: read the config's `models`, write models/{model}/manifest.json."""


rule model:
    """Fetches a model, verifies its digest, and writes it as a transformers checkpoint."""
    input:
        # Every job with a GPU needs a model, so none starts before preflight has passed.
        preflight=ancient(paths.preflight_passed()),
        files=lambda w: local_files(f"models.{w.model}"),
    output:
        **stage.outputs("model", manifest=paths.model()),
    log:
        stage.log("model"),
    # Every training waits for it.
    priority: 1
    conda:
        stage.conda("model")
    threads: 8
    resources:
        # The key decides an error only, so it is no reason to fetch a model again.
        chat_key=lambda w: CONFIG.chat_models().get(w.model, ""),
    params:
        **stage.params("model", lambda w: CONFIG.models[w.model]),
    shell:
        stage.command(
            "model",
            "--name {wildcards.model} --chat-key {resources.chat_key:q} output.manifest input.files",
        )
