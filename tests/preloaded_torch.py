"""What a script that runs a model imports: the fork server imports it once for all of them."""

import os
from importlib import import_module

for _name in (
    "torch", "transformers.models.llama.modeling_llama", "transformers.models.auto.modeling_auto",
    "transformers.models.auto.tokenization_auto", "caco.engines.transformers_engine",
    "caco.engines.open", "caco.runtime.job", "caco.rows.table",
):  # fmt: skip
    import_module(_name)
os.environ.pop("PYTHONPATH", None)  # that of the fork server only
