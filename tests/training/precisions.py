"""A program that trains with each precision of gradients and optimiser, in one process.

Every combination trains three steps with a checkpoint after each, and again from the first one.
Arguments: folder of the model, file of tokens, scratch folder, and the combinations as JSON.
Prints as JSON, by combination: the steps, those after the checkpoint, and the bytes per parameter
of the states of the optimiser in it.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from caco.config.training import Training
from caco.identity import file_sha256
from caco.training.deepspeed_settings import read_settings
from caco.training.rank import RankTask, train
from caco.training.runtime.checkpoints import (
    LOSS,
    CheckpointFolder,
    checkpoint_name,
    open_checkpoint_folder,
    read_steps,
)

_ROOT = Path(__file__).resolve().parents[2]


def _curve(model: str, tokens: str, folder: Path, section: Training, resume: bool) -> list[list]:
    """Trains, and returns loss and gradient norm of each step."""
    with open_checkpoint_folder(folder, {}) as checkpoints:
        first = str(folder / checkpoint_name(1)) if resume else None
        if first is not None:
            shutil.copy(f"{first}/{LOSS}", checkpoints.scratch / LOSS)
        settings = _ROOT / "config" / "deepspeed" / f"zero{section.zero_stage}.json"
        train(
            RankTask(
                stage="codegen", model=model, tokens=tokens,
                tokens_sha256=file_sha256(Path(tokens)), end="<|im_end|>",
                checkpoint=str(folder / "trained"), checkpoints=str(folder), resume=first,
                save_every_s=0.0, deepspeed=read_settings(settings, section),
                training=section.model_dump_json(),
            )
        )  # fmt: skip
        return [[row.loss, row.grad_norm] for row, _ in read_steps(checkpoints.scratch / LOSS)]


def _state_bytes(folder: Path) -> int:
    """Returns the bytes of AdamW's moments and of the weights that it updates."""
    files = [torch.load(f, weights_only=False) for f in (folder / checkpoint_name(1)).rglob("*.pt")]
    found: dict[int, int] = {}

    def add(value: object) -> None:
        if isinstance(value, torch.Tensor) and value.numel() > 1:
            found[value.data_ptr()] = value.nbytes
        for inner in value.values() if isinstance(value, dict) else ():
            add(inner)
        for inner in value if isinstance(value, list | tuple) else ():
            add(inner)

    for states in files:  # under ZeRO-0 they are beside the weights
        add(states.get("optimizer_state_dict") or states.get("optimizer"))
    return sum(found.values())


def _parameters(model: str) -> int:
    """Returns the number of parameters of a model."""
    with torch.device("meta"):
        return sum(
            parameter.numel()
            for parameter in AutoModelForCausalLM.from_config(
                AutoConfig.from_pretrained(model)
            ).parameters()
        )


def main() -> None:
    """Trains with every combination."""
    model, tokens, scratch, combinations = sys.argv[1:]
    os.environ |= {
        "RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "LOCAL_WORLD_SIZE": "1",
        "GROUP_RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0", "DS_ACCELERATOR": "cpu",
    }  # fmt: skip
    torch.distributed.destroy_process_group = lambda: None  # the next training uses it again
    found, parameters = [], _parameters(model)  # before ZeRO-3 changes how models are made
    for number, training in enumerate(json.loads(combinations)):
        section, folder = Training(**training), Path(scratch) / str(number)
        whole = _curve(model, tokens, folder, section, resume=False)
        shutil.rmtree(CheckpointFolder(folder).newest() or folder)  # the second of two
        size = _state_bytes(folder) / parameters
        found.append([whole, _curve(model, tokens, folder, section, resume=True), size])
    print(json.dumps(found))


if __name__ == "__main__":
    main()
