"""A model sharded over more GPUs than its job requests is reported before submission."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.preflight.jobs import job

from caco.config.config import Config, check_config, read_config
from caco.config.plan import read_assumptions
from caco.models.manifest import write_manifest
from caco.preflight.checks import (
    costly_starts,
    idle_gpus,
    too_few_gpus,
    too_little_gpu_memory,
    too_small_batches,
)
from caco.preflight.requests import resource_requests

ROOT = Path(__file__).resolve().parents[2]
PAPER = read_config(ROOT / "config/paper.yaml")


def config(sampled_by: str = "vllm") -> Config:
    """Returns the paper's preset, whose converter needs 4 GPUs and whose judge needs 2."""
    sample = PAPER["sample"] | {"engine": {"kind": sampled_by}}
    return check_config(PAPER | {"sample": sample}, "config/paper.yaml")


def requests(**gpus: int) -> Any:
    return resource_requests([job(rule, gres=f"gpu:{n}" if n else "") for rule, n in gpus.items()])


def test_the_papers_preset_on_one_gpu_a_job_names_the_two_rules_that_need_more() -> None:
    usual = requests(
        codegen=1, draft=1, sample=1, question=1, solution=1, llm_judge=1, student=1, answer=1
    )
    assert [str(error) for error in too_few_gpus(usual, config())] == [
        "`sources.math.unify.engine.tensor_parallel` is 4, but the jobs of draft request 1 GPUs "
        "per node; set `draft: {gpus: 4}` under `rules` in site.yaml",
        "`reverse.llm_judge.engine.tensor_parallel` is 2, but the jobs of llm_judge request 1 GPUs "
        "per node; set `llm_judge: {gpus: 2}` under `rules` in site.yaml",
    ]
    assert idle_gpus(usual, config()) == []


def test_a_site_with_enough_gpus_has_no_error() -> None:
    enough = requests(draft=4, llm_judge=2, judge_planted=2, sample=1)
    assert too_few_gpus(enough, config()) == []
    assert idle_gpus(enough, config()) == []


def test_without_gpus_an_engine_that_shards_nothing_runs_on_the_cpu() -> None:
    assert too_few_gpus(requests(sample=0), config()) == []
    assert len(too_few_gpus(requests(draft=0), config())) == 1


def test_gpus_that_no_engine_uses_are_a_notice_and_no_error() -> None:
    served = config(sampled_by="server")
    assert too_few_gpus(requests(sample=1), served) == []
    assert idle_gpus(requests(sample=1, question=4, llm_judge=3, verify=1), served) == [
        "notice: the jobs of llm_judge request 3 GPUs per node, of which "
        "`reverse.llm_judge.engine` leaves 1 idle; to request no more than it uses, set "
        "`llm_judge: {gpus: 2}` under `rules` in site.yaml",
        "notice: the jobs of sample request 1 GPUs per node, of which `sample.engine` leaves 1 "
        "idle; to request no more than it uses, set `sample: {gpus: 0}` under `rules` in site.yaml",
    ]


def test_starts_that_cost_more_than_5_percent_are_a_notice_before_programs_are_sampled() -> None:
    assumed = read_assumptions(ROOT / "config/plan/a100.yaml")
    (notice,) = costly_starts(requests(sample=1, question=1), config(), assumed)
    assert notice.startswith("notice: with 120 s a start (`plan.start_s` in site.yaml) the starts")
    assert "set `sample.programs_per_shard` to 38,472 or more, and `shards` to 13" in notice
    later, on_cpus = requests(question=1), requests(sample=0)
    quick = assumed.model_copy(update={"start_s": 50.0})
    assert costly_starts(later, config(), assumed) == []
    assert costly_starts(on_cpus, config(), assumed) == []
    assert costly_starts(requests(sample=1), config(), quick) == []


def test_a_batch_with_fewer_rows_than_ranks_is_reported_before_submission() -> None:
    one_node, two = job("codegen", gres="gpu:8"), job("student", gres="gpu:h100:8", nodes=17)
    (error,) = too_small_batches(
        resource_requests([one_node, two, job("sample", gres="gpu:3")]), config()
    )
    assert str(error).startswith("`student.training.global_batch` is 128, so 136 ranks ")


def test_a_training_that_may_not_fit_on_its_gpus_is_reported_with_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = config()
    student = Path(f"results/{run.run}/models/{run.student.model}")
    sizes = {"hidden_size": 3584, "num_hidden_layers": 28, "intermediate_size": 18944}
    (student / "checkpoint").mkdir(parents=True)
    (student / "checkpoint/config.json").write_text(
        json.dumps({**sizes, "vocab_size": 152064, "dtype": "bfloat16"})
    )
    weights = student / "checkpoint/model.safetensors"
    weights.touch()
    with weights.open("r+b") as file:
        file.truncate(15_231_233_024)  # 7.6B parameters; a sparse file
    monkeypatch.setattr("caco.models.manifest.file_sha256", lambda path: "0" * 64)
    write_manifest(student / "manifest.json", student / "checkpoint")
    needs = resource_requests([job("student", gres="gpu:8"), job("sample", gres="gpu:1")])
    assert too_little_gpu_memory(needs, run, 80) == []
    assert too_little_gpu_memory(needs, run, None) == []
    assert too_little_gpu_memory(needs, run, 24) == [
        "notice: student needs up to 40 GB on each GPU (30 GB for weights, gradients and "
        "optimizer, 4 GB for the activations of `student.training.micro_tokens`, 5 GB for the "
        "loss), and `plan.gpu_gb` in site.yaml is 24; lower `micro_tokens`, set "
        "`gradient_checkpointing: true`, or request more GPUs"
    ]
    one = resource_requests([job("student", gres="gpu:1")])
    (notice,) = too_little_gpu_memory(one, run, 80)
    assert "(137 GB for weights" in notice
