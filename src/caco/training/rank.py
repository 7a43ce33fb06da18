"""One rank of a fine-tuning: TRL's SFTTrainer under DeepSpeed, started by `launch`."""

import json
import os
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from caco.config.section import section_of_spec
from caco.config.training import Training
from caco.identity import canonical_json
from caco.runtime.logging_setup import silence_libraries
from caco.runtime.process import die_with_parent
from caco.training.runtime.checkpoints import LOSS, STOPPED, CheckpointFolder


@dataclass(frozen=True, slots=True)
class RankTask:
    """What the ranks are told.

    Attributes:
        stage: `codegen`, `writer` or `student`.
        model: Folder of the model to start from.
        tokens: Parquet file of token ids and labels.
        checkpoint: Folder that the fine-tuned model is written to.
        kept: The folder of `caco.training.runtime.checkpoints`.
        resume: The checkpoint in it to go on from, or None.
        save_every_s: Seconds between two checkpoints.
        accumulation: Forward passes before an optimiser step.
        deepspeed: DeepSpeed's settings; None for plain DDP.
        training: The config section, as JSON.
    """

    stage: str
    model: str
    tokens: str
    checkpoint: str
    kept: str
    resume: str | None
    save_every_s: float
    accumulation: int
    deepspeed: dict[str, Any] | None
    training: str

    @property
    def scratch(self) -> Path:
        """Folder for what this start needs."""
        return CheckpointFolder(Path(self.kept)).scratch

    def write(self, path: Path) -> None:
        """Writes the plan to `path`."""
        path.write_text(canonical_json(asdict(self)), encoding="utf-8")


def trainer_settings(plan: RankTask, section: Training, on_gpu: bool) -> dict[str, Any]:
    """Returns the arguments of TRL's `SFTConfig`."""
    # On a CPU every padded token costs as much as a real one, so rows are laid end to end. A GPU
    # without flash attention would score all of them against all.
    padded = on_gpu and not section.packing
    return {
        "output_dir": str(plan.scratch),
        "num_train_epochs": section.epochs,
        "learning_rate": section.learning_rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": section.warmup,  # a share of the steps, being below 1
        "weight_decay": section.weight_decay,
        "per_device_train_batch_size": section.micro_batch,
        "gradient_accumulation_steps": plan.accumulation,
        # Rows are cut already; packing needs the length of a block.
        "max_length": section.cutoff if section.packing else None,
        "packing": section.packing,
        "padding_free": not padded and not section.packing,
        "include_num_input_tokens_seen": "non_padding" if padded else "all",
        "gradient_checkpointing": on_gpu,
        "bf16": section.precision == "bf16",
        "seed": section.seed,
        "data_seed": section.seed,
        "use_cpu": not on_gpu,
        "deepspeed": plan.deepspeed,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "dataloader_pin_memory": on_gpu,
    }


def train(plan: RankTask) -> None:
    """Fine-tunes on this rank; rank 0 writes the checkpoint and the loss."""
    import datasets
    import deepspeed
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PrinterCallback
    from trl import SFTConfig

    from caco.training.attention import cpu_attention
    from caco.training.lm_head import score_labelled_only
    from caco.training.runtime.callbacks import LossLogger
    from caco.training.runtime.trainer import CheckpointingTrainer

    section = section_of_spec(Training, plan.training)
    on_gpu = torch.cuda.is_available()
    # A shared-memory op for inference, which DeepSpeed would compile for 35 s at the start of every
    # CPU process group. Training uses gloo.
    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    if not on_gpu:
        # accelerate does so on GPUs only; ZeRO-3 loads the model in parts and must know its peers.
        deepspeed.init_distributed("gloo")
    # Before the model: under ZeRO-3 the settings decide how it is loaded.
    settings = SFTConfig(**trainer_settings(plan, section, on_gpu))
    dtype = torch.bfloat16 if section.precision == "bf16" else torch.float32
    tokenizer = AutoTokenizer.from_pretrained(plan.model)
    attention = "sdpa" if on_gpu else cpu_attention(AutoConfig.from_pretrained(plan.model))
    cache = plan.scratch / f"node-{os.environ['GROUP_RANK']}"  # file locks hold on one node alone
    trainer = CheckpointingTrainer(
        kept=CheckpointFolder(Path(plan.kept)),
        save_every_s=plan.save_every_s,
        model=AutoModelForCausalLM.from_pretrained(
            plan.model, dtype=dtype, attn_implementation=attention
        ),
        args=settings,
        processing_class=tokenizer,
        train_dataset=datasets.Dataset.from_parquet(plan.tokens, cache_dir=str(cache)),
        callbacks=[LossLogger(plan.stage, plan.scratch / LOSS)],
    )
    trainer.remove_callback(PrinterCallback)
    if not on_gpu:
        score_labelled_only(trainer.model)
    trainer.train(resume_from_checkpoint=plan.resume)
    if not (plan.scratch / STOPPED).exists():
        _save(trainer, tokenizer, Path(plan.checkpoint), sharded=section.zero_stage == 3)
    torch.distributed.destroy_process_group()


def _save(trainer: Any, tokenizer: Any, folder: Path, sharded: bool) -> None:
    """Writes the model as an ordinary checkpoint.

    Only ZeRO-3 has weights to gather, from all ranks. A gathered copy would no longer know which
    tensors are tied, and the embedding would be written twice.
    """
    weights = trainer.accelerator.get_state_dict(trainer.model_wrapped) if sharded else None
    if trainer.is_world_process_zero():
        model = trainer.accelerator.unwrap_model(trainer.model)
        model.config.use_cache = True
        model.save_pretrained(folder, state_dict=weights)
        tokenizer.save_pretrained(folder)


def main() -> None:
    """Runs this rank, muted unless it fails."""
    die_with_parent(signal.SIGKILL)()
    if os.getppid() == 1:
        sys.exit("the launcher is gone")
    os.environ["TORCHELASTIC_ERROR_FILE"] = os.devnull
    silence_libraries()
    plan = RankTask(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    train(plan)
    # DeepSpeed holds on to groups whose gloo threads may still be letting go of the last gathered
    # tensors. One that asks for the interpreter's lock while that ends aborts the process: in 2
    # of 13 runs under ZeRO-3.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
