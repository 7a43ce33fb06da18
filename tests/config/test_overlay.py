"""Config files over each other: another kind replaces a section, every other key is merged."""

import copy
from pathlib import Path
from typing import Any

import pytest
from snakemake.utils import update_config

from caco.config.config import Config, check_config, read_config
from caco.config.engines import TransformersEngineConfig
from caco.config.models import PackagedModel
from caco.config.overlay import merged as merged_files
from caco.config.overlay import without_replaced
from caco.config.plan import read_assumptions
from caco.reports.planning.plan import InputSizes, estimate, input_sizes

ROOT = Path(__file__).resolve().parents[2]
A: dict[str, Any] = {"engine": {"kind": "vllm", "tensor_parallel": 4, "dtype": "bfloat16"}, "n": 1}


def merged(*files: dict[str, Any], last: dict[str, Any] | None = None) -> dict[str, Any]:
    """Returns what the Snakefile makes of config files, and of `--config`, if given."""
    config: dict[str, Any] = {}
    for values in [*files, *([last] if last else [])]:
        update_config(config, copy.deepcopy(values))
    return without_replaced(config, files)


@pytest.mark.parametrize(
    ("later", "engine"),
    [
        ({"kind": "transformers"}, {"kind": "transformers"}),
        ({"kind": "transformers", "batch": 8}, {"kind": "transformers", "batch": 8}),
        ({"kind": "vllm", "batch": 8}, A["engine"] | {"batch": 8}),
        ({"batch": 8}, A["engine"] | {"batch": 8}),
        (None, None),
    ],
)
def test_another_kind_replaces_a_section(later: Any, engine: Any) -> None:
    before = copy.deepcopy(A)
    assert merged(A, {"engine": later, "m": 2}) == {"engine": engine, "n": 1, "m": 2}
    assert before == A


def test_the_last_of_several_files_decides() -> None:
    server = {"engine": {"kind": "server", "concurrency": 3}}
    assert merged(A, server, {"engine": {"kind": "vllm", "dtype": "float32"}}) == {
        "engine": {"kind": "vllm", "dtype": "float32"},
        "n": 1,
    }


def test_values_of_the_command_line_are_kept() -> None:
    last = {"engine": {"tensor_parallel": 2}, "n": 5}
    found = merged(A, {"engine": {"kind": "transformers"}}, last=last)
    assert found == {"engine": {"kind": "transformers", "tensor_parallel": 2}, "n": 5}


def test_a_section_with_the_name_of_a_key_of_kinds_is_merged() -> None:
    models = {"converter": {"kind": "local", "path": "a"}, "judge": {"kind": "local", "path": "b"}}
    later = {"models": {"converter": {"path": "c"}}}
    expected = {"models": models | {"converter": {"kind": "local", "path": "c"}}}
    assert merged({"models": models}, later) == expected
    assert merged_files([{"models": models}, later]) == expected


def overlaid(name: str, below: str = "paper.yaml") -> Config:
    """Returns a config under an overlay."""
    files = [read_config(ROOT / "config" / file) for file in (below, name)]
    assert merged_files(files) == merged(*files)
    return check_config(merged(*files), name)


def test_on_one_node_each_model_has_one_gpu_and_the_run_ends_within_a_night() -> None:
    paper = check_config(read_config(ROOT / "config/paper.yaml"), "paper")
    config = overlaid("one_node.yaml")
    assert config.bench == paper.bench
    assert set(config.sources) == set(paper.sources)
    judge = config.reverse.llm_judge
    assert judge is not None
    engines = [c.engine for c in config.converters().values()] + [
        config.sample.engine, config.reverse.question.engine, judge.engine, config.bench.engine,
    ]  # fmt: skip
    assert {(engine.kind, engine.gpus) for engine in engines} == {("vllm", 1)}
    a100 = read_assumptions(ROOT / "config/plan/a100.yaml")
    assert a100.gpus == 8
    hours = sum(stage.wall_h for stage in estimate(config, input_sizes(config), a100).stages)
    assert hours < 12


def test_on_one_gpu_the_loop_with_both_ablations_ends_within_half_an_hour() -> None:
    config = overlaid("one_gpu.yaml", below="gsm8k.yaml")
    assert len({model.path for model in config.models.values() if model.kind == "local"}) == 1
    assert {a.corpus for a in config.ablations.values()} == {"seeds_only", "unverified"}
    assert config.writer.fine_tune and config.corpus.decontaminate.layers
    trainings = config.codegen.training, config.writer.training, config.student.training
    assert {(t.zero_stage, t.gradient_checkpointing) for t in trainings} == {(0, False)}
    h100 = read_assumptions(ROOT / "config/plan/h100.yaml")
    assert h100.gpus == 1
    sizes = InputSizes({"gsm8k": 7473}, {"gsm8k": 1319})
    hours = sum(stage.wall_h for stage in estimate(config, sizes, h100).stages)
    assert hours <= 0.5


def test_the_rehearsal_has_the_papers_sources_and_benchmarks_and_no_gpu_engine() -> None:
    paper = check_config(read_config(ROOT / "config/paper.yaml"), "paper")
    config = overlaid("rehearsal.yaml")
    assert set(config.sources) == {*paper.sources, "easy"}
    assert all(config.sources[name].seeds.rows == 50 for name in paper.sources)
    assert {name: b.kind for name, b in config.bench.benchmarks.items()} == {
        name: b.kind for name, b in paper.bench.benchmarks.items()
    }
    assert set(config.models) == set(paper.models)
    assert {type(model) for model in config.models.values()} == {PackagedModel}
    reverse = config.reverse
    engines = [c.engine for c in config.converters().values()] + [
        config.sample.engine, reverse.question.engine, reverse.solution.engine, config.bench.engine,
    ]  # fmt: skip
    assert len(engines) == 4 + 4
    assert {type(engine) for engine in engines} == {TransformersEngineConfig}
