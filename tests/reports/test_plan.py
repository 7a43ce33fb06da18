"""The estimated cost of a run, from rates, lengths and shares."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.dag.modules import every_kind

from caco.config.config import Config, check_config, read_config
from caco.config.plan import Assumptions, read_assumptions
from caco.errors import UserError
from caco.reports.planning.plan import (
    PAPER_GPU_H,
    InputSizes,
    StageCost,
    estimate,
    input_sizes,
    measured,
    plan_text,
)
from caco.runtime.checksums import write_checked
from caco.workflow.stages import BY_NAME, jobs_of

ROOT = Path(__file__).resolve().parents[2]
A100 = ROOT / "config" / "plan" / "a100.yaml"


def _config(name, **changed):
    return check_config(read_config(ROOT / name) | changed, name)


def _assumed(**changed):
    plain = {
        "gpus": 2, "cores": 16, "start_s": 36.0, "shard_h": 1.0,
        "yields": {"unify": 0.5, "verify": 0.5, "reverse": 0.25},
        "tokens": {"program": 100.0, "question": 50.0, "solution": 200.0},
        "rates": dict.fromkeys(
            ("unify", "sample", "question", "solution", "train", "answer", "verify", "judge"), 10.0
        ),
    }  # fmt: skip
    return Assumptions.model_validate(plain | changed)


def _stages(config, assumed) -> dict[str, StageCost]:
    return {s.name: s for s in estimate(config, input_sizes(config), assumed).stages}


def test_rows_and_hours_follow_from_shares_lengths_and_rates():
    stages = _stages(_config("config.yaml"), _assumed())
    assert stages["seeds"].rows_out == 174 - 100 + 5 + 4
    assert (stages["unify"].rows_out, stages["unify"].gpu_h) == (42, 0.0)  # mechanical
    assert (stages["sample"].jobs, stages["sample"].rows_out) == (2, 96)
    # 96 programs of 100 tokens at 10 tokens per second, and two starts of 36 s.
    assert stages["sample"].gpu_h == pytest.approx((96 * 100 / 10 + 2 * 36) / 3600)
    assert stages["sample"].wall_h == pytest.approx(stages["sample"].gpu_h / 2)
    assert stages["verify"].core_h == pytest.approx(9.6 / 3600)
    assert stages["verify"].rows_out == 48
    assert stages["solution"].tokens == 48 * 200
    assert stages["judge"].core_h == pytest.approx(4.8 / 3600)
    assert stages["corpus"].rows_in == 12
    assert stages["student"].tokens == 2 * 12 * 250  # two epochs
    assert "llm_judge" not in stages
    # Base and student, 100 problems each.
    assert (stages["answer"].jobs, stages["answer"].tokens) == (2, 200 * 200)


def test_a_round_trip_costs_its_programs_and_their_execution():
    raw = read_config(ROOT / "config.yaml")
    sampling = {"temperature": 0.7, "max_new_tokens": 8}
    raw["reverse"]["round_trip"] = {"model": "smollm2", "programs": 3, "sampling": sampling}
    stages = _stages(check_config(raw, ""), _assumed())
    assert (stages["redraft"].rows_out, stages["redraft"].tokens) == (3 * 48, 3 * 48 * 100)
    assert (stages["round_trip"].rows_in, stages["round_trip"].rows_out) == (3 * 48, 48)
    assert stages["round_trip"].core_h == pytest.approx(14.4 / 3600)
    assert stages["solution"].rows_in == 48


def test_the_writer_costs_the_examples_that_it_learns_with_their_prompts():
    raw = read_config(ROOT / "config.yaml")
    # 42 programs with questions of 150 tokens, and 42 questions with solutions of 250.
    assert _stages(check_config(raw, ""), _assumed())["writer"].tokens == 42 * (150 + 250)
    raw["writer"]["learns"] = "questions"
    raw["reverse"]["solution"]["model"] = "smollm2"
    assert _stages(check_config(raw, ""), _assumed())["writer"].tokens == 42 * 150
    del raw["writer"]["learns"]
    raw["reverse"]["question"]["model"] = "smollm2"
    assert "writer" not in _stages(check_config(raw, ""), _assumed())


# Stages whose cost is not estimated, with the reason.
NOT_ESTIMATED = {
    "preflight": "one short job",
    "preflight_passed": "one short job",
    "model": "a download or a conversion, once",
    "bench_problems": "copies a file",
    "data_set": "downloads files",
    "draft": "a part of `unify`",
    "attempt": "a part of `unify`",
    "plant": "a few hundred rows in one job",
    "judge_planted": "a few hundred rows in one job",
    "calibrate": "a few hundred rows in one job",
    "check": "a few milliseconds a row, without a model or a program",
    "export": "copies the rows of the corpus",
    "scores": "one short job",
    "report": "one short job",
}


@pytest.mark.parametrize("config", [_config("config.yaml"), every_kind()], ids=["embedded", "all"])
def test_every_stage_of_a_run_has_an_estimate(config: Config):
    # The files of `every_kind` do not exist.
    sizes = InputSizes(
        dict.fromkeys(config.sources, 100), dict.fromkeys(config.bench.benchmarks, 10)
    )
    estimated = [stage.name for stage in estimate(config, sizes, _assumed()).stages]
    expected = [name for name in jobs_of(config) if name not in NOT_ESTIMATED]
    assert set(NOT_ESTIMATED) <= set(BY_NAME)
    assert sorted(estimated) == sorted(expected), (
        "add a stage to `_stages` in reports/planning/plan.py, or its reason to NOT_ESTIMATED"
    )


def test_a_row_takes_space_for_all_texts_that_it_contains():
    stages = _stages(_config("config.yaml"), _assumed())
    of_tokens = {name: stage.disk_gb * 1e9 / 1.2 for name, stage in stages.items()}
    assert of_tokens["sample"] == of_tokens["verify"] == pytest.approx(96 * 100)
    assert of_tokens["question"] == pytest.approx(48 * (150 + 50))  # with the replies
    assert of_tokens["solution"] == pytest.approx(48 * (350 + 200))
    assert of_tokens["judge"] == pytest.approx(48 * 350)
    assert of_tokens["corpus"] == pytest.approx(12 * 350)
    assert of_tokens["codegen"] == 0


def test_variants_and_more_shards_add_to_the_cost():
    raw = read_config(ROOT / "config.yaml")
    raw["shards"] = 8
    raw["reverse"]["question"] |= {
        "variants": 3,
        "sampling": {"temperature": 1.0, "max_new_tokens": 8},
    }
    stages = _stages(check_config(raw, "changed"), _assumed())
    assert stages["question"].rows_in == 8 * 48 // 2 * 3
    assert stages["sample"].jobs == 8


def test_solution_variants_add_to_the_cost_of_solutions_and_of_their_checks_alone():
    raw = read_config(ROOT / "config.yaml")
    once = _stages(check_config(raw, "config.yaml"), _assumed())
    advised = estimate(check_config(raw, ""), input_sizes(check_config(raw, "")), _assumed())
    raw["reverse"]["solution"] |= {
        "variants": 4,
        "sampling": {"temperature": 1.0, "max_new_tokens": 8},
    }
    config = check_config(raw, "changed")
    stages = _stages(config, _assumed())
    for name in ("solution", "judge"):
        assert stages[name].rows_in == 4 * once[name].rows_in
    assert stages["solution"].tokens == 4 * once["solution"].tokens
    for name in ("question", "corpus", "student"):
        assert stages[name] == once[name]
    plan = estimate(config, input_sizes(config), _assumed())
    assert plan.programs_per_shard == advised.programs_per_shard // 4


def test_pass_rates_cost_as_many_answers_as_samples():
    raw = read_config(ROOT / "config.yaml")
    once = _stages(check_config(raw, "config.yaml"), _assumed())
    assert not {"rollout", "pass_rate"} & set(once)
    sampling = {"temperature": 1.0, "max_new_tokens": 8}
    raw["pass_rate"] = {"model": "smollm2", "samples": 40, "sampling": sampling}
    config = check_config(raw, "changed")
    stages = _stages(config, _assumed())
    judged = stages["judge"].rows_out
    assert (stages["rollout"].jobs, stages["rollout"].tokens) == (2, 40 * judged * 200)
    assert (stages["pass_rate"].rows_in, stages["pass_rate"].rows_out) == (40 * judged, judged)
    assert stages["corpus"] == once["corpus"]
    # They are slower than the solutions: 40 answers to a quarter of the questions.
    plan = estimate(config, input_sizes(config), _assumed())
    assert plan.programs_per_shard == int((3600 - 36) / (0.5 * 0.25 * 40 * 200 / 10))


def test_embeddings_cost_the_tokens_of_questions_and_problems():
    raw = read_config(ROOT / "config.yaml")
    raw["embedding"] = {"model": "smollm2"}
    raw["corpus"] = {"decontaminate": {"layers": ["embedding"], "embedding": 0.9}}
    stages = _stages(check_config(raw, "changed"), _assumed())
    assert (stages["embed"].jobs, stages["embed"].tokens) == (2, stages["judge"].rows_out * 50)
    seeds = stages["seeds"].rows_out  # the only benchmark consists of held-out seeds
    embedded = stages["embed_problems"]
    assert (embedded.jobs, embedded.tokens) == (3, seeds * 50)
    raw["corpus"]["decontaminate"]["held_out"] = ["embedding"]
    stages = _stages(check_config(raw, "changed"), _assumed())
    embedded = stages["embed_problems"]
    assert (embedded.jobs, embedded.tokens) == (4, (seeds + 100) * 50)


def test_a_shard_of_the_advised_size_takes_the_target_hours():
    config, assumed = _config("config.yaml"), _assumed()
    plan = estimate(config, input_sizes(config), assumed)
    # Solutions are slowest: 200 tokens for half of the programs, at 10 tokens per second.
    assert plan.programs_per_shard == int((3600 - 36) / (0.5 * 200 / 10))
    assert plan.longest_h == pytest.approx(1.0, rel=0.01)
    assert "takes 1.0 h, the target (`shard_h`)." in plan_text(plan)


def test_the_starts_of_engines_take_at_most_5_percent_of_an_advised_shard():
    config, assumed = _config("config.yaml"), _assumed(start_s=600.0)
    plan = estimate(config, input_sizes(config), assumed)
    # Three jobs of a shard start an engine; a program is drawn in 10 s, and half of them have a
    # question of 5 s and a solution of 20 s.
    assert plan.starts_share == pytest.approx(1800 / (1800 + 48 * 22.5))
    assert plan.programs_per_shard == plan.few_starts == 19 * 1800 / 22.5
    assert "takes 4.4 h, so that starts of engines take at most 5%." in plan_text(plan)
    # The run has fewer programs than a shard should have.
    assert "take 62.5% of the GPU time of the jobs of a shard, more than 5%; set " in plan_text(
        plan
    )
    assert "`sample.programs_per_shard` to 96 or more, and `shards` to 1 or" in plan_text(plan)
    one = read_config(ROOT / "config.yaml") | {"shards": 1}
    text = plan_text(estimate(check_config(one, ""), input_sizes(config), assumed))
    assert "With the config's shards" not in text  # there are no fewer
    enough = read_config(ROOT / "config.yaml")
    enough["sample"]["programs_per_shard"] = plan.few_starts
    plan = estimate(check_config(enough, ""), input_sizes(config), assumed)
    assert plan.starts_share == pytest.approx(0.05)
    assert "take 5.0%" not in plan_text(plan)


def test_a_server_starts_no_engine_in_the_jobs():
    raw = read_config(ROOT / "config.yaml")
    raw["reverse"]["solution"]["engine"] = {"kind": "server"}
    stages = _stages(check_config(raw, "changed"), _assumed())
    assert (stages["question"].starts_h, stages["solution"].starts_h) == (0.02, 0.0)
    assert stages["solution"].gpu_h == pytest.approx(48 * 200 / 10 / 3600)


def test_the_papers_run_at_the_papers_rates_takes_the_papers_hours():
    """The rates of config/plan/a100.yaml are computed from these hours."""
    stages = _stages(_config("config/paper.yaml"), read_assumptions(A100))
    for name, hours in PAPER_GPU_H.items():
        starts = stages[name].jobs * 120 / 3600
        assert stages[name].gpu_h - starts == pytest.approx(hours, rel=0.05), name
    assert stages["seeds"].rows_out == pytest.approx(339_000, rel=0.01)
    assert stages["sample"].rows_out == pytest.approx(5_300_000, rel=0.01)


def test_the_table_adds_up():
    config = _config("config.yaml")
    text = plan_text(estimate(config, input_sizes(config), _assumed()))
    lines = text.splitlines()
    jobs = [int(line.split()[1]) for line in lines[2 : lines.index("")] if line[:1].isalpha()]
    assert sum(jobs[:-1]) == jobs[-1]


def test_the_rates_of_a_finished_run_are_measured(fake_run, tmp_path):
    got = measured(tmp_path / "tiny", _assumed())
    assert (got.gpus, got.rates.unify) == (2, 10.0)  # not measured on a run
    # On cores, by CPU time; every job of the run took 2 s and 3 s of CPU time.
    assert got.rates.verify == 12 / (2 * 3.0)
    assert got.rates.judge == 8 / (2 * 3.0)
    assert got.rates.answer == 8 / (2 * 2.0)
    assert got.tokens.program == 20
    assert got.rates.sample == 12 * 20 / (2 * 2.0)
    assert got.rates.train == pytest.approx(2 * 800 / (2 * 12.0))
    assert got.yields.unify == pytest.approx(5 / 7)
    assert got.yields.reverse == pytest.approx(3 / 8)


def test_the_rates_of_jobs_with_several_gpus_are_per_gpu(fake_run, tmp_path):
    before = measured(tmp_path / "tiny", _assumed()).rates
    for path in (tmp_path / "tiny/provenance").rglob("*.json"):
        record = json.loads(path.read_text())
        write_checked(path, record | {"requested": {"gpus": 4, "nodes": 2, "cores": 8}})
    after = measured(tmp_path / "tiny", _assumed()).rates
    assert after.sample == pytest.approx(before.sample / 8)
    assert after.train == pytest.approx(before.train / 8)
    assert after.verify == before.verify


def test_measured_starts_are_those_of_the_plan_and_not_in_the_rates(fake_run, tmp_path):
    before = measured(tmp_path / "tiny", _assumed())
    assert before.start_s == 36.0  # records of versions that do not measure it
    for path in (tmp_path / "tiny/provenance/sample").glob("*.json"):
        record = json.loads(path.read_text())
        record["used"]["start_s"] = 1.5
        write_checked(path, record)
    after = measured(tmp_path / "tiny", _assumed())
    assert after.start_s == 1.5
    assert after.rates.sample == pytest.approx(4 * before.rates.sample)
    assert after.rates.question == before.rates.question


def test_a_run_that_ends_with_its_corpus_is_measured_too(fake_run, tmp_path):
    for record in (tmp_path / "tiny/provenance/answer").iterdir():
        record.unlink()
    assert measured(tmp_path / "tiny", _assumed()).rates.answer == 10.0


def test_a_run_without_a_corpus_is_not_measured(tmp_path):
    with pytest.raises(UserError, match="contains no finished run to measure"):
        measured(tmp_path, _assumed())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gpu": 3}, "key `gpu` is unknown; did you mean `gpus`?"),
        ({"yields": {"unify": 0, "verify": 1.0, "reverse": 1.0}}, "key `yields.unify` is 0"),
    ],
)
def test_an_invalid_key_is_one_message(tmp_path, change, message):
    path = tmp_path / "site.yaml"
    raw = yaml.safe_load(A100.read_text()) | change
    path.write_text(yaml.safe_dump({"slurm": {}, "plan": raw}))
    with pytest.raises(UserError) as error:
        read_assumptions(path)
    assert message in str(error.value) and str(path) in str(error.value)


def test_the_script_prints_the_plan_and_submits_nothing():
    done = subprocess.run(
        [sys.executable, "scripts/plan.py", "--config", "config.yaml", "--cluster", str(A100)],
        cwd=ROOT,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "sample" in done.stdout and "paper GPU-h" in done.stdout


def test_the_rows_of_a_table_are_counted(tmp_path):
    (tmp_path / "a.json").write_text("[{}, {}]")
    (tmp_path / "b.csv").write_text('q,a\n"1\n+ 1?",2\n2 + 2?,4\n3 + 3?,6\n')
    seeds = {
        "reader": "table", "path": str(tmp_path), "licence": "MIT", "held_out": 1,
        "fields": {"problem": "q", "answer": "a"},
    }  # fmt: skip
    raw = read_config(ROOT / "config.yaml")
    raw["sources"]["mine"] = {"seeds": seeds, "unify": {"converter": "equations"}}
    benchmark = {"kind": "table", "path": str(tmp_path), "fields": seeds["fields"], "min_rows": 4}
    raw["bench"]["benchmarks"] = {
        "all": benchmark, "few": benchmark | {"rows": 3},
        "absent": benchmark | {"path": str(tmp_path / "absent")},
    }  # fmt: skip
    sizes = input_sizes(check_config(raw, "c"))
    assert sizes.seeds["mine"] == 2 + 3 - 1
    assert sizes.problems == {"all": 5, "few": 3, "absent": 4}


def test_the_papers_benchmarks_have_their_sizes_without_their_files():
    assert input_sizes(_config("config/paper.yaml")).problems == {
        "math": 5000, "gsm8k": 1319, "college_math": 2818, "deepmind_mathematics": 1000,
        "olympiadbench": 675, "theoremqa": 747,
    }  # fmt: skip
