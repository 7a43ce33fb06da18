"""One rank of a fine-tuning run: TRL's SFTTrainer with DeepSpeed, started by `launch`."""

import os
import signal
import sys
import time
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Self

from caco.config.section import section_of_spec
from caco.config.training import Training
from caco.errors import ClusterError
from caco.identity import file_sha256
from caco.models.tokenizer import declare_end
from caco.runtime.checksums import read_checked, write_checked
from caco.runtime.process import die_with_parent
from caco.runtime.progress import silence_libraries
from caco.training.runtime.checkpoints import LOSS, STOPPED, CheckpointFolder

_LIBRARIES = ("datasets", "deepspeed", "caco.training.attention", "caco.training.token_trainer")
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class RankTask:
    """The parameters of the ranks.

    Attributes:
        stage: `codegen`, `writer` or `student`.
        model: Folder of the base model.
        tokens: Parquet file with token ids and labels.
        tokens_sha256: Its SHA-256, in hex.
        end: The token that ends their completions.
        checkpoint: Folder for the fine-tuned model.
        checkpoints: The checkpoint folder (`caco.training.runtime.checkpoints`).
        resume: The checkpoint to resume from, or None.
        save_every_s: Seconds between two checkpoints.
        deepspeed: DeepSpeed settings; None for plain DDP.
        training: The config section, as JSON.
    """

    stage: str
    model: str
    tokens: str
    tokens_sha256: str
    end: str
    checkpoint: str
    checkpoints: str
    resume: str | None
    save_every_s: float
    deepspeed: dict[str, Any] | None
    training: str

    @property
    def scratch(self) -> Path:
        """Folder for temporary files."""
        return CheckpointFolder(Path(self.checkpoints)).scratch

    def write(self, path: Path) -> None:
        """Writes the task to `path`."""
        write_checked(path, asdict(self))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads what `write` has written.

        Raises:
            ClusterError: The file or the one of the tokens has changed since.
        """
        try:
            task = cls(**read_checked(path))
        except ValueError as error:
            raise ClusterError(f"{path}: damaged ({error}); type your command again") from None
        if (found := file_sha256(Path(task.tokens))) != task.tokens_sha256:
            raise ClusterError(
                f"{task.tokens}: damaged: its SHA-256 was {task.tokens_sha256} and is {found}; "
                "type your command again"
            )
        return task


def trainer_settings(task: RankTask, section: Training, on_gpu: bool, ranks: int) -> dict[str, Any]:
    """Returns the arguments of TRL's `SFTConfig`."""
    from transformers.utils import is_liger_kernel_available

    return {
        "output_dir": str(task.scratch),
        "num_train_epochs": section.epochs,
        "learning_rate": section.learning_rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": section.warmup,  # a fraction of the steps, as it is below 1
        "weight_decay": section.weight_decay,
        # `TokenTrainer` divides the rows of a step, which is one batch here.
        "per_device_train_batch_size": -(-section.global_batch // ranks),
        "max_length": None,  # rows are truncated already
        "padding_free": True,
        "dataset_kwargs": {"skip_prepare_dataset": True},
        "include_num_input_tokens_seen": "all",
        "gradient_checkpointing": section.gradient_checkpointing,
        # Fused norms, rotary embeddings and activations; the loss is that of `caco.training.head`.
        "use_liger_kernel": on_gpu and is_liger_kernel_available(),
        "bf16": section.precision == "bf16",
        "seed": section.seed,
        "data_seed": section.seed,
        "use_cpu": not on_gpu,
        "deepspeed": task.deepspeed,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "dataloader_pin_memory": on_gpu,
    }


def train(task: RankTask) -> None:
    """Fine-tunes on this rank; rank 0 writes the checkpoint and the loss curve.

    Raises:
        ClusterError: A file of the rows has changed since it was written.
    """
    import datasets
    import deepspeed
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PrinterCallback
    from trl import SFTConfig

    from caco.training.attention import padding_free_attention
    from caco.training.runtime.trainer import LossLogger
    from caco.training.token_trainer import TokenTrainer

    section = section_of_spec(Training, task.training)
    on_gpu = torch.cuda.is_available()
    # A shared-memory operator for inference, which DeepSpeed would compile for 35 s at the start of
    # every CPU process group. Training uses gloo.
    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    if not on_gpu:
        # accelerate does so on GPUs only; ZeRO-3 needs the process group to load the model.
        deepspeed.init_distributed("gloo")
    # Before the model: under ZeRO-3 the settings determine how it is loaded.
    settings = SFTConfig(**trainer_settings(task, section, on_gpu, int(os.environ["WORLD_SIZE"])))
    dtype = torch.bfloat16 if section.precision == "bf16" else torch.float32
    # The checkpoint's tokenizer_config.json has `local_files_only`, by default HF_HUB_OFFLINE.
    tokenizer = AutoTokenizer.from_pretrained(task.model, local_files_only=True)
    attention = padding_free_attention(
        AutoConfig.from_pretrained(task.model), bf16=section.precision == "bf16"
    )
    cache = task.scratch / f"node-{os.environ['GROUP_RANK']}"  # file locks do not work across nodes
    trainer = TokenTrainer(
        global_batch=section.global_batch,
        micro_tokens=section.micro_tokens,
        checkpoints=CheckpointFolder(Path(task.checkpoints)),
        save_every_s=task.save_every_s,
        model=AutoModelForCausalLM.from_pretrained(
            task.model, dtype=dtype, attn_implementation=attention
        ),
        args=settings,
        processing_class=tokenizer,
        train_dataset=datasets.Dataset.from_parquet(task.tokens, cache_dir=str(cache)),
        callbacks=[LossLogger(task.stage, task.scratch / LOSS)],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=task.resume)
    if not (task.scratch / STOPPED).exists():
        trainer.require_unchanged_rows()
        torch.distributed.barrier()  # the check of every node, before the model is written
        _save(trainer, tokenizer, task, sharded=section.zero_stage == 3)
    torch.distributed.destroy_process_group()


def _save(trainer: Any, tokenizer: Any, task: RankTask, sharded: bool) -> None:
    """Writes the model as a transformers checkpoint, which declares the end that it was taught.

    Weights are gathered from all ranks only under ZeRO-3: in a gathered copy the tying of tensors
    is lost, and the embedding would be written twice.
    """
    weights = trainer.accelerator.get_state_dict(trainer.model_wrapped) if sharded else None
    if trainer.is_world_process_zero():
        model = trainer.accelerator.unwrap_model(trainer.model)
        model.config.use_cache = True
        declare_end(model, tokenizer, task.end)
        model.save_pretrained(task.checkpoint, state_dict=weights)
        tokenizer.save_pretrained(task.checkpoint)


def _written(plan: Path) -> Path:
    """Returns the plan once it is written; meanwhile the libraries are imported."""
    if not plan.exists():
        for library in _LIBRARIES:
            import_module(library)
    while not plan.exists():
        time.sleep(_POLL_S)
    return plan


def main() -> None:
    """Runs this rank without output of the libraries."""
    die_with_parent(signal.SIGKILL)()
    if os.getppid() == 1:
        sys.exit("the launcher has exited")
    os.environ["TORCHELASTIC_ERROR_FILE"] = os.devnull
    silence_libraries()
    try:
        train(RankTask.read(_written(Path(sys.argv[1]))))
    except ClusterError as error:
        print(error.line, file=sys.stderr, flush=True)
        os._exit(1)  # the threads of gloo wait for the other ranks
    # DeepSpeed retains process groups whose gloo threads may still release the last gathered
    # tensors. A thread that acquires the GIL during interpreter shutdown aborts the process: in 2
    # of 13 runs under ZeRO-3. `os._exit` skips the shutdown.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
