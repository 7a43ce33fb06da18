"""A model shared over more GPUs than its job asks for is named before anybody waits for it."""

from pathlib import Path
from typing import Any

from tests.preflight.jobs import job

from caco.config.config import Config, check_config, read_config
from caco.preflight.checks import idle_gpus, too_few_gpus, uneven_batches
from caco.preflight.requests import resource_requests

ROOT = Path(__file__).resolve().parents[2]
PAPER = read_config(ROOT / "config/paper.yaml")


def config(sampled_by: str = "vllm") -> Config:
    """Returns the paper's preset, whose converter wants 4 GPUs and whose judge 2."""
    sample = PAPER["sample"] | {"engine": {"kind": sampled_by}}
    return check_config(PAPER | {"sample": sample}, "config/paper.yaml")


def asks(**gpus: int) -> Any:
    return resource_requests([job(rule, gres=f"gpu:{n}" if n else "") for rule, n in gpus.items()])


def test_the_papers_preset_on_one_gpu_a_job_names_the_two_rules_that_want_more() -> None:
    usual = asks(codegen=1, draft=1, sample=1, question=1, solution=1, agree=1, student=1, bench=1)
    assert [str(error) for error in too_few_gpus(usual, config())] == [
        "`reverse.llm_judge.engine.tensor_parallel` is 2, and the jobs of agree ask for 1 GPUs on a "
        "node; set `agree: {gpus: 2}` under `rules` in site.yaml",
        "`sources.math.unify.engine.tensor_parallel` is 4, and the jobs of draft ask for 1 GPUs on "
        "a node; set `draft: {gpus: 4}` under `rules` in site.yaml",
    ]
    assert idle_gpus(usual, config()) == []


def test_a_site_that_gives_them_is_said_nothing_of() -> None:
    given = asks(draft=4, agree=2, opine=2, sample=1)
    assert too_few_gpus(given, config()) == []
    assert idle_gpus(given, config()) == []


def test_without_gpus_an_engine_that_shares_nothing_runs_on_the_cpu() -> None:
    assert too_few_gpus(asks(sample=0), config()) == []
    assert len(too_few_gpus(asks(draft=0), config())) == 1


def test_gpus_that_no_engine_uses_are_told_and_not_refused() -> None:
    served = config(sampled_by="server")
    assert too_few_gpus(asks(sample=1), served) == []
    assert idle_gpus(asks(sample=1, question=4, agree=3, verify=1), served) == [
        "notice: the jobs of agree ask for 3 GPUs on a node, of which `reverse.llm_judge.engine` "
        "leaves 1 idle; to ask for no more, set `agree: {gpus: 2}` under `rules` in site.yaml",
        "notice: the jobs of sample ask for 1 GPUs on a node, of which `sample.engine` leaves 1 "
        "idle; to ask for no more, set `sample: {gpus: 0}` under `rules` in site.yaml",
    ]


def test_a_batch_that_the_ranks_cannot_share_is_named_before_anybody_waits() -> None:
    one_node, two = job("codegen", gres="gpu:8"), job("student", gres="gpu:h100:3", nodes=2)
    (error,) = uneven_batches(
        resource_requests([one_node, two, job("sample", gres="gpu:3")]), config()
    )
    assert str(error).startswith("`student.training.global_batch` is 128, which 6 ranks of ")
