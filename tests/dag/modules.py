"""The rules that re-run when a statement of a module changes: a table, written by hand.

The config below has every kind of engine, reader, converter, model and benchmark, so that some rule
depends on each module that settings select.
"""

from typing import Any

from caco.config.config import Config, check_config

TRAINS = {"codegen", "writer", "student", "ablation_student"}
CORPORA = {"corpus", "ablation_corpus"}
# Engines: sample uses vLLM, solution a server, the other rules transformers.
ON_VLLM, ON_SERVER = {"sample"}, {"solution"}
# The source that a model converts re-runs with its drafts.
ON_TRANSFORMERS = {"draft", "unify:model", "question", "redraft", "llm_judge",
                   "judge_planted", "answer", "rollout"}  # fmt: skip
EMBEDS = {"embed", "embed_problems"}
KEEP_REPLIES = {"question", "solution", "llm_judge", "judge_planted"}
GENERATES = ON_VLLM | ON_SERVER | ON_TRANSFORMERS
OPENS = GENERATES - {"unify:model"}  # which has the settings of an engine, and does not open it
UNIFIES = {
    "unify:easy", "unify:symbolic", "unify:codeio", "unify:file", "unify:model", "unify:tested",
    "unify:returned",
}  # fmt: skip
READS = {
    "seeds:easy", "seeds:symbolic", "seeds:codeio", "seeds:file", "seeds:model", "seeds:tested",
    "seeds:returned",
}  # fmt: skip
TABLES = {"seeds:tested", "seeds:returned"}
DOWNLOADED = {"data_set:returned"}
MODELS = {"model:package", "model:local", "model:hub", "model:served"}
FILES = {"bench_problems:table", "bench_problems:theorems"}
BENCHMARKS = FILES | {"bench_problems:held_out"}
EQUATIONS = {"unify:symbolic", "unify:file"}
SOLUTIONS = EQUATIONS | {"bench_problems:table"}  # worked solutions become programs
CONVERTS = UNIFIES - {"unify:model"}  # and executes the converted programs
EXECUTES = UNIFIES | {"attempt", "verify", "plant", "round_trip"}
GRADES = {"judge", "grade", "calibrate", "pass_rate"}
JUDGES = {"judge", "calibrate"}
CARDS = {"corpus", "export"}
# `preflight` and `preflight_passed` run only once; code changes do not re-run `report`.
WITH_ROWS = (
    READS | UNIFIES | BENCHMARKS | GENERATES | EMBEDS | TRAINS | GRADES
    | {"attempt", "plant", "verify", "round_trip", "check", "export", "scores"} | CORPORA
)  # fmt: skip

# Module (or pattern of modules) of `caco` -> rules. The first matching pattern counts.
TABLE: list[tuple[str, set[str]]] = [
    # Modules that do not decide rows.
    *((f"{package}.*", set()) for package in ("config", "runtime", "workflow", "slurm")),
    *((f"{package}.*", set()) for package in ("preflight", "reports", "proof", "training.runtime")),
    ("errors", set()),
    ("engines.resumable", set()),
    ("sandbox.self_check", set()),
    ("sandbox.guest.warm", set()),  # warm-up calls do not change results
    # Root modules.
    ("identity", WITH_ROWS | MODELS | DOWNLOADED),
    ("syntax", UNIFIES | {"attempt", "sample", "verify"} | CARDS | CORPORA),
    ("licences", {"export"}),
    ("vectors", EMBEDS | CORPORA),
    # Row types.
    ("rows.table", WITH_ROWS),
    ("rows.rejected", WITH_ROWS),
    ("rows.seed", READS | UNIFIES | BENCHMARKS | {"draft", "attempt", "plant", "writer"}
     | CARDS | CORPORA | EMBEDS | {"answer", "rollout", "question", "redraft", "solution"}),
    ("rows.reply", KEEP_REPLIES),
    ("rows.draft", UNIFIES | {"draft", "attempt"}),
    ("rows.redraft", {"redraft", "round_trip"}),
    ("rows.code_cot", UNIFIES | {"attempt", "plant", "codegen", "writer", "question", "redraft",
                                "solution", "ablation_corpus"}),
    ("rows.program", UNIFIES | {"attempt", "sample", "verify"}),
    ("rows.verified", {"verify", "question"} | CARDS | CORPORA),
    ("rows.question", {"question", "redraft", "round_trip", "solution"}),
    ("rows.solution", {"solution", "llm_judge", "judge_planted", "plant", "check", "rollout"}
     | CARDS | CORPORA | JUDGES | EMBEDS),
    ("rows.calibration", {"plant", "judge_planted", "calibrate"}),
    ("rows.ablation", {"student", "ablation_student", "ablation_corpus"}),
    ("rows.corpus", {"student", "ablation_student"} | CARDS | CORPORA),
    ("rows.rlvr", {"export"}),
    ("rows.answered", {"answer", "grade", "rollout", "pass_rate"}),
    ("rows.graded", {"grade", "scores", "pass_rate"}),
    ("rows.passes", {"pass_rate"} | CORPORA),
    ("rows.embedding", EMBEDS | CORPORA),
    ("rows.loss", TRAINS),
    # Texts.
    ("text.numbers", READS | FILES | {"attempt", "plant", "check", "round_trip"} | CORPORA | GRADES
     | UNIFIES),
    ("text.arithmetic", SOLUTIONS | {"check", "calibrate", "grade"}),
    ("text.answers", JUDGES | TABLES | {"plant", "writer", "solution", "rollout", "round_trip"}
     | CARDS | CORPORA | {"unify:codeio", "unify:tested"}),
    ("text.calculator_marks", {"draft", "plant", "writer", "solution", "check", "calibrate",
                               "grade", "ablation_corpus"} | SOLUTIONS),
    ("text.chat", GENERATES | EMBEDS | TRAINS),
    ("text.program_reply", {"attempt", "round_trip"}),
    ("text.prompts", {"draft", "question", "redraft", "solution", "llm_judge", "judge_planted",
                      "writer", "ablation_corpus"}),
    ("text.templates", CARDS),
    ("text.tolerances", GRADES | {"bench_problems:table"}),
    ("text.questions", UNIFIES | CORPORA),
    ("text.thoughts", {"question", "solution"} | GRADES),
    # Answers.
    *((f"overlap.{m}", CORPORA) for m in ("near", "embeddings")),
    ("overlap.*", UNIFIES | CORPORA),
    *((f"answers.{m}", GRADES) for m in ("extraction", "copied")),
    ("answers.units", GRADES | UNIFIES | {"attempt", "plant", "check", "round_trip"}),
    ("answers.*", GRADES | UNIFIES | {"attempt", "plant", "round_trip"}),
    ("statements.*", {"check", "calibrate", "grade"}),
    # Models, by kind.
    ("models.fetch", MODELS),
    ("models.manifest", MODELS | DOWNLOADED | READS | OPENS | EMBEDS | TRAINS),
    ("models.hub_snapshot", {"model:hub"} | DOWNLOADED),
    ("models.data_set", DOWNLOADED),
    ("models.template", MODELS | OPENS | TRAINS),
    ("models.tokenizer", GENERATES | EMBEDS | TRAINS),
    ("models.served", {"model:served"} | GENERATES | EMBEDS | TRAINS),
    *((f"models.{kind}", {f"model:{kind}"}) for kind in ("package", "local", "hub")),
    # Engines, by kind.
    ("engines.vllm_engine", ON_VLLM),
    ("engines.data_parallel", ON_VLLM | ON_TRANSFORMERS),
    *((f"engines.{m}", ON_SERVER) for m in ("server_engine", "server_client")),
    *((f"engines.{m}", ON_SERVER) for m in ("rate_limiter", "request_formats")),
    *((f"engines.{m}", ON_TRANSFORMERS) for m in ("transformers_engine", "decoding")),
    ("engines.vllm_start", ON_VLLM),
    ("engines.transformers_model", ON_TRANSFORMERS | EMBEDS),
    ("engines.vllm_embedder", set()),  # the embedder of this config is the other one
    *((f"engines.{m}", EMBEDS) for m in ("transformers_embedder", "open_embedder", "embedder")),
    ("engines.open", OPENS),
    ("engines.*", GENERATES | EMBEDS),
    *((f"sandbox.{m}", EXECUTES | TABLES) for m in ("protocol", "guest.values")),
    ("sandbox.*", EXECUTES),
    ("grading.intervals", {"calibrate", "scores"}),
    ("grading.paired", {"scores"}),
    ("grading.second", {"grade"}),
    ("grading.reward", set()),  # of users
    ("grading.*", GRADES),
    ("training.*_examples", set()),  # one training each, see EXAMPLES
    ("training.*", TRAINS),
    # Stages.
    ("stages.seeds.readers.families", {"seeds:easy"}),
    ("stages.seeds.families.*", {"seeds:easy"}),
    ("stages.seeds.readers.gsm_symbolic", {"seeds:symbolic"}),
    ("stages.seeds.readers.codeio", {"seeds:codeio"}),
    ("stages.seeds.readers.gsm8k", {"seeds:file", "seeds:model"}),
    ("stages.seeds.readers.table", TABLES),
    *(
        (f"stages.seeds.{m}", TABLES | FILES)
        for m in ("files", "fields", "filters", "field_map")
    ),
    ("stages.seeds.json_rows", TABLES | FILES | {"seeds:file", "seeds:model"}),
    ("stages.seeds.tested_function", TABLES | {"unify:tested"}),
    ("stages.seeds.rejections", READS | BENCHMARKS),
    ("stages.seeds.normalise", READS | FILES),
    ("stages.seeds.*", READS),
    ("stages.unify.converters.program", {"unify:easy"}),
    ("stages.unify.converters.equations", EQUATIONS),
    *(
        (f"stages.unify.{name}", SOLUTIONS)
        for name in (
            "alignment", "naming", "program_text", "solution_program", "worked_solution",
        )
    ),
    *(
        (f"stages.unify.{name}", SOLUTIONS | {"unify:returned"})
        for name in ("stated_quantities", "usual_constants", "words")
    ),
    ("stages.unify.converters.main_solution", {"unify:codeio"}),
    ("stages.unify.converters.function", {"unify:returned"}),
    ("stages.unify.converters.tests", {"unify:tested"}),
    ("stages.unify.converters.llm", {"unify:model"}),
    ("stages.unify.drafts", {"draft"}),
    ("stages.unify.attempts", {"attempt"}),
    ("stages.unify.code_cots", UNIFIES | {"attempt"}),
    ("stages.unify.not_convertible", UNIFIES | {"attempt", "bench_problems:table"}),
    ("stages.unify.*", UNIFIES),
    ("stages.sample", {"sample"}),
    ("stages.verify.source", UNIFIES | {"attempt", "verify", "plant"}),
    ("stages.verify.rules", UNIFIES | {"attempt", "verify"}),
    ("stages.verify.second_runs", UNIFIES | {"attempt", "verify"}),
    ("stages.verify.single", set()),  # of scripts/execute.py
    ("stages.verify.*", {"verify"}),
    ("stages.reverse.question_prompt", {"question", "writer"}),
    ("stages.reverse.no_question", {"question"}),
    ("stages.reverse.solution_prompt", {"solution", "writer", "ablation_corpus"}),
    ("stages.reverse.detailed_question", {"question"}),
    ("stages.reverse.detailed_solution", {"solution"}),
    ("stages.reverse.few_shot", {"question", "redraft", "solution"}),
    ("stages.reverse.redraft", {"redraft"}),
    ("stages.reverse.round_trip", {"round_trip"}),
    ("stages.reverse.question", {"question"}),
    ("stages.reverse.solution", {"solution"}),
    ("stages.reverse.replies", KEEP_REPLIES),
    ("stages.reverse.llm_judge", {"llm_judge", "judge_planted"}),
    ("stages.reverse.*", JUDGES),
    ("stages.check", {"check", "calibrate"}),
    ("stages.corpus.families", CARDS | CORPORA),
    *((f"stages.corpus.{m}", CARDS) for m in ("card", "statement_counts")),
    ("stages.corpus.*", CORPORA),
    ("stages.ablation", {"ablation_corpus"}),
    ("stages.embed", EMBEDS),
    ("stages.pass_rate.questions", {"rollout"}),
    ("stages.pass_rate.passes", {"pass_rate"}),
    ("stages.export.*", {"export"}),
    ("stages.bench.readers.held_out", {"bench_problems:held_out"}),
    ("stages.bench.readers.table", {"bench_problems:table"}),
    ("stages.bench.readers.theoremqa", {"bench_problems:theorems"}),
    ("stages.bench.problems", BENCHMARKS),
    ("stages.bench.answer", {"answer", "rollout"}),
    ("stages.bench.grade", {"grade"}),
    ("stages.bench.scores", {"scores"}),
    ("stages.calibrate.judgements", {"judge_planted"}),
    ("stages.calibrate.kinds", {"plant", "calibrate"}),
    *((f"stages.calibrate.{m}", {"calibrate"}) for m in ("measure", "rates")),
    ("stages.calibrate.*", {"plant"}),
]  # fmt: skip
EXAMPLES = {
    **{f"training.{name}_examples": {name} for name in ("codegen", "writer")},
    "training.student_examples": {"student", "ablation_student"},
}


def every_kind() -> Config:
    """Returns a config with every kind of engine, reader, converter, model and benchmark."""
    sampling = {"temperature": 0.0, "max_new_tokens": 8}
    transformers, vllm, server = ({"kind": k} for k in ("transformers", "vllm", "server"))
    training = {
        "epochs": 1, "learning_rate": 1e-5, "global_batch": 8, "cutoff": 64,
    }  # fmt: skip
    file = {"reader": "gsm8k", "path": "train.jsonl"}
    tuned = {"model": "local", "training": training}
    raw: dict[str, Any] = {
        "run": "every_kind",
        "shards": 1,
        "models": {
            "package": {"kind": "package", "package": "a==1.0", "sha256": "0" * 64},
            "local": {"kind": "local", "path": "model"},
            "hub": {"kind": "hub", "repo": "a/b", "revision": "0" * 40},
            "served": {"kind": "served", "name": "a", "revision": "1"},
        },
        "sources": {
            "easy": {
                "seeds": {"reader": "families", "families": ["gcd"], "rows": 9, "held_out": 2},
                "unify": {"converter": "program"},
            },
            "symbolic": {
                "seeds": {"reader": "gsm_symbolic", "rows": 9},
                "unify": {"converter": "equations"},
            },
            "codeio": {
                "seeds": {"reader": "codeio", "rows": 9},
                "unify": {"converter": "main_solution"},
            },
            "file": {"seeds": file, "unify": {"converter": "equations"}},
            "tested": {
                "seeds": {
                    "reader": "table", "path": "functions.jsonl", "licence": "MIT",
                    "fields": {"problem": "text", "program": "code", "tests": "tests"},
                },
                "unify": {"converter": "tests"},
            },
            "returned": {
                "seeds": {
                    "reader": "table", "licence": "MIT",
                    "hub": {"repo": "a/b", "revision": "0" * 40, "files": "*.jsonl"},
                    "fields": {"problem": "text", "program": "code", "answer": "answer"},
                },
                "unify": {"converter": "function"},
            },
            "model": {
                "seeds": file,
                "unify": {
                    "converter": "llm", "model": "local", "engine": transformers,
                    "sampling": sampling,
                },
            },
        },
        "codegen": tuned,
        "sample": {"programs_per_shard": 1, "engine": vllm, "sampling": sampling},
        "writer": tuned | {"fine_tune": True},
        "reverse": {
            "question": {"engine": transformers, "sampling": sampling},
            "round_trip": {
                "model": "hub", "engine": transformers, "sampling": sampling, "programs": 1,
            },
            "solution": {"model": "served", "engine": server, "sampling": sampling},
            "llm_judge": {"model": "hub", "engine": transformers, "sampling": sampling},
        },
        "calibration": {"rows": 5},
        "pass_rate": {
            "model": "hub", "engine": transformers, "samples": 1, "sampling": sampling,
        },
        "embedding": {"model": "hub", "engine": transformers},
        "corpus": {"decontaminate": {"layers": ["embedding"], "embedding": 0.9}},
        "student": tuned,
        "ablations": {"seeds": {"corpus": "seeds_only"}},
        "bench": {
            "benchmarks": {
                "held_out": {"kind": "held_out", "source": "easy"},
                "table": {
                    "kind": "table", "path": "test.jsonl",
                    "fields": {"problem": "question", "answer": "answer", "solution": "steps"},
                },
                "theorems": {"kind": "theoremqa", "path": "test.json"},
            },
            "engine": transformers,
            "sampling": sampling,
        },
    }  # fmt: skip
    return check_config(raw, "every_kind")


def sections(config: Config) -> dict[str, Any]:
    """Returns, by rule (and identity), the section whose kinds select modules, as in the rules."""
    reverse, rates = config.reverse, config.pass_rate
    assert rates is not None and config.embedding is not None
    assert reverse.round_trip is not None
    return {
        **{f"seeds:{name}": source.seeds for name, source in config.sources.items()},
        **{f"unify:{name}": source.unify for name, source in config.sources.items()},
        **{f"data_set:{name}": hub for name, hub in config.hub_sources().items()},
        **{f"model:{name}": model for name, model in config.models.items()},
        **{f"bench_problems:{name}": b for name, b in config.bench.benchmarks.items()},
        "draft": config.converters()["model"].drafting(),
        "attempt": config.unifying(),
        "codegen": config.codegen,
        "sample": config.sample,
        "verify": config.verify,
        "writer": config.writer,
        "question": reverse.question,
        "redraft": reverse.round_trip.redrafting(),
        "round_trip": None,
        "solution": reverse.solution,
        "judge": reverse.judge,
        "llm_judge": reverse.llm_judge,
        "check": reverse.check,
        "rollout": rates.answering(),
        "pass_rate": rates.grading(),
        "embed": config.embedding.embedder(),
        "embed_problems": config.embedding.embedder(),
        "plant": config.calibration,
        "judge_planted": reverse.llm_judge,
        "calibrate": reverse.judge,
        "corpus": config.corpus,
        "export": config.export,
        "student": config.student,
        "ablation_corpus": config.ablation_settings("seeds"),
        "ablation_student": config.ablation_student(),
        "answer": config.bench.engine,
        "grade": None,
        "scores": None,
        "report": None,
        "preflight": config.sandbox,
        "preflight_passed": None,
    }
