"""GGUF files as ordinary transformers checkpoints."""

from pathlib import Path

from caco.errors import UserError
from caco.quiet import quiet_transformers


def convert(gguf: Path, out: Path) -> None:
    """Writes the model in `gguf` to the folder `out`: bf16 safetensors, tokenizer, chat template.

    The weights are unpacked from their quantised blocks, so what is saved is a dense model like any
    other. bf16 is what such models were trained in; the rounding is far below that of 4-bit blocks.

    Args:
        gguf: The file.
        out: An existing folder.

    Raises:
        UserError: transformers cannot read the file.
    """
    quiet_transformers()
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    where = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    try:
        tokenizer = AutoTokenizer.from_pretrained(**where)
        model = AutoModelForCausalLM.from_pretrained(
            **where, quantization_config=GgufConfig(dequantize=True), dtype=torch.float32
        )
    except (OSError, ValueError, KeyError, NotImplementedError) as e:
        raise UserError(
            f"{gguf}: transformers cannot read this GGUF file ({str(e).splitlines()[0]}); choose "
            "a model of another architecture"
        ) from None
    # The weights are dense by now, but the model may still call itself quantised, and would then
    # neither save nor load as anything else.
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.hf_quantizer = None
    model.to(torch.bfloat16)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
