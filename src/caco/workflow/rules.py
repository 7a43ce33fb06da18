"""The params, command, provenance record, log and environment of each rule.

`spec` is the JSON of the rule's section of the config, `code` the digest of the code that decides
its rows. Snakemake compares params as a set of values, so a rule has only these two, both strings.
"""

import os
from pathlib import Path
from typing import Any

from caco.config.bench import HeldOut
from caco.config.config import Config
from caco.config.engines import EngineConfig
from caco.config.generation import Redrafting, Write
from caco.config.section import implementations, spec_json
from caco.identity import shard_names
from caco.runtime.code_digest import code_digest
from caco.workflow.paths import Paths
from caco.workflow.stages import BY_NAME, trained_model

TRAINING_RESOURCES = {"save_every_s": 1800, "ranks": 1}
"""Resources of a training: its command reads them, and they are not a reason to re-run."""

Part = Any  # a config section, a plain value, or a function from wildcards to either


class StageRules:
    """Builds the parts of a run's rules from the stage table and the config."""

    def __init__(self, config: Config, root: Path) -> None:
        """Stores the config of the run and the folder of the checkout."""
        self._config, self._root = config, root
        self._paths = Paths(config.run)
        self._chosen: dict[tuple[str, str], list[str]] = {}

    def params(self, name: str, section: Part = None, **parts: Part) -> dict[str, Any]:
        """Returns a rule's `spec` and `code`, or functions of the wildcards that return them.

        Args:
            name: The rule.
            section: Its section of the config, where the spec is one section.
            parts: Otherwise the parts of its spec, by name.
        """
        if not any(map(callable, (section, *parts.values()))):
            return {"spec": spec_json(section, **parts), "code": self.code(name, section, **parts)}

        def resolved(wildcards: Any) -> tuple[Any, dict[str, Any]]:
            def value(part: Part) -> Any:
                return part(wildcards) if callable(part) else part

            return value(section), {key: value(part) for key, part in parts.items()}

        def spec(wildcards: Any) -> str:
            one, several = resolved(wildcards)
            return spec_json(one, **several)

        def code(wildcards: Any) -> str:
            one, several = resolved(wildcards)
            return self.code(name, one, **several)

        return {"spec": spec, "code": code}

    def code(self, name: str, section: Any = None, **parts: Any) -> str:
        """Returns the digest of the code that decides a rule's rows under these settings."""
        chosen = [module for part in (section, *parts.values()) for module in implementations(part)]
        digest = code_digest(self.script(name), self.src, chosen)
        self._chosen[name, digest] = chosen
        return digest

    def chosen(self, name: str, code: str) -> list[str]:
        """Returns the modules that a rule's settings choose.

        Args:
            name: The rule.
            code: What `code` has returned for these settings.
        """
        return self._chosen[name, code]

    @property
    def src(self) -> Path:
        """The folder that contains the package `caco`."""
        return self._root / "src"

    def script(self, name: str) -> Path:
        """Returns a rule's script."""
        return self._root / "scripts" / f"{BY_NAME[name].script or name}.py"

    def training(self, name: str, arguments: str) -> str:
        """Returns the shell command of a training, whose rule has `TRAINING_RESOURCES`.

        Args:
            name: The rule.
            arguments: Its own inputs, as in `command`.
        """
        limits = "--save-every {resources.save_every_s} --ranks {resources.ranks}"
        return self.command(
            name,
            f"input.model input.deepspeed {limits} {arguments} output.checkpoint output.loss",
        )

    def writing(self, name: str, arguments: str) -> str:
        """Returns the shell command of a step in which a model writes, after its examples.

        Args:
            name: The rule.
            arguments: Its own input and output, as in `command`.
        """
        return self.command(name, f"input.model {arguments} input.code_cots input.seeds")

    def command(self, name: str, arguments: str, env: str = "", texts: str = "params") -> str:
        """Returns a rule's shell command, which can be pasted into a terminal.

        Args:
            name: The rule.
            arguments: `input.NAME` and `output.NAME` become `--NAME` and that file; other words are
                copied. The rejected rows and the replies are added, where the stage has some.
            env: The script's environment, where neither the stage table nor the config sets it.
            texts: Which of `params` and `resources` holds `spec` and `code`.
        """
        stage = BY_NAME[name]
        wildcards = stage.identity.replace("{", "{wildcards.")
        return " ".join(
            [
                f"envs/python {env or self._environment(name)} scripts/{self.script(name).name}",
                *map(_flag, arguments.split()),
                *([_flag("output.rejected")] if stage.rejects else []),
                *([_flag("output.replies")] if stage.keeps_replies else []),
                f"--spec {{{texts}.spec:q}} --code {{{texts}.code}}",
                *([f"--identity {wildcards}"] if wildcards else []),
                "--provenance {output.provenance} 2>&1 | tee {log}",
            ]
        )

    def outputs(self, name: str, **files: str) -> dict[str, str]:
        """Returns the outputs of a rule's job.

        Args:
            name: The rule.
            files: Its own files, by name; the rejected rows and the replies, where the stage has
                some, and the provenance record are added.
        """
        stage = BY_NAME[name]
        job = stage.identity or "all"
        rejected = {"rejected": self._paths.rejected(name, job)} if stage.rejects else {}
        replies = {"replies": self._paths.replies(name, job)} if stage.keeps_replies else {}
        return {**files, **rejected, **replies, "provenance": self._paths.provenance(name, job)}

    def training_outputs(self, name: str) -> dict[str, str]:
        """Returns the outputs of a training."""
        trained = trained_model(self._paths, name, BY_NAME[name].identity)
        checkpoint, loss = self._paths.checkpoint(trained), self._paths.loss(trained)
        return self.outputs(name, checkpoint=checkpoint, loss=loss)

    def log(self, name: str) -> str:
        """Returns the path of a job's log, with wildcards."""
        return self._paths.log(name, BY_NAME[name].identity or "all")

    def conda(self, name: str) -> str:
        """Returns the conda file of a rule's environment, relative to `rules/`."""
        return conda_file(self._environment(name))

    def rounds(self, source: str, file: str) -> list[str]:
        """Returns `file` for each round of a source whose converter is a model, else nothing."""
        converter = self._config.converters().get(source)
        return [
            file.replace("{round}", str(n)) for n in range(converter.rounds if converter else 0)
        ]

    def written_by(self, model: str | None) -> str:
        """Returns the manifest of a step's own model, or of the writer if it names none."""
        return self._paths.model(model) if model else self._paths.checkpoint("writer")

    def examples(self, section: Write | Redrafting) -> dict[str, list[str]]:
        """Returns the files from which a step draws the examples of its prompts, if it does."""
        sources = self._config.sources if section.examples else ()
        return {
            "code_cots": [self._paths.code_cots(source) for source in sources],
            "seeds": [self._paths.seeds(source) for source in sources],
        }

    def ablation(self, wildcards: Any) -> dict[str, list[str]]:
        """Returns the files that the rows of an ablation are made from.

        Of several shards, `solutions` and `checked` are those of the first, `more` the others.
        """
        if self._config.ablations[wildcards.ablation].corpus == "seeds_only":
            sources = self._config.sources
            return {
                "code_cots": [self._paths.code_cots(source) for source in sources],
                "seeds": [self._paths.seeds(source) for source in sources],
                **{name: [] for name in ("solutions", "checked", "more", "corpus")},
            }
        first, *others = shard_names(self._config.shards)
        steps = ("solutions", "checked")
        return {
            **{step: [self._paths.shard(step, first)] for step in steps},
            "more": [self._paths.shard(step, shard) for step in steps for shard in others],
            "corpus": [self._paths.corpus()],
            "code_cots": [],
            "seeds": [],
        }

    def held_out(self, wildcards: Any) -> str | list[str]:
        """Returns the held-out seeds that a benchmark consists of, if it does."""
        benchmark = self._config.bench.benchmarks[wildcards.benchmark]
        return self._paths.held_out(benchmark.source) if isinstance(benchmark, HeldOut) else []

    def _environment(self, name: str) -> str:
        stage = BY_NAME[name]
        if stage.environment is not None:
            return stage.environment
        assert stage.engines is not None
        (engine,) = stage.engines(self._config).values()
        return environment_of(engine)


def environment_of(engine: EngineConfig) -> str:
    """Returns the environment in which an engine is installed: `infer` or `train`."""
    return "infer" if engine.kind == "vllm" else "train"


def conda_file(environment: str) -> str:
    """Returns an environment's conda file, relative to `rules/`."""
    return f"../envs/{pinned_list(environment)}.yaml"


def _flag(word: str) -> str:
    if not word.startswith(("input.", "output.")):
        return word
    return f"--{word.partition('.')[2].replace('_', '-')} {{{word}}}"


def set_job_environment(deployed: bool) -> None:
    """Sets the environment variables that all jobs and commands of this Snakemake inherit.

    Args:
        deployed: Whether Snakemake makes the rules' environments (conda, Apptainer).
    """
    # Jobs (caco.runtime.job) and waiting submissions (profiles/slurm/bin/sbatch) exit when this
    # process has exited: an orphan would race with the next run's jobs.
    os.environ["SNAKEMAKE_PID"] = str(os.getpid())
    # Idle OpenMP threads sleep instead of spinning: on shared cores, spinning threads delay the
    # threads that they wait for.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # With a deployed environment, the rule's Python is on the PATH, and envs/python uses that.
    os.environ.pop("CACO_DEPLOYED", None)
    if deployed:
        os.environ["CACO_DEPLOYED"] = "1"


def pinned_list(env: str) -> str:
    """Returns the name of the pinned package list, under envs/, of an environment.

    vLLM has a separate package for NVIDIA GPUs. Whether the nodes have them is set by the user with
    `CACO_ACCELERATOR=cuda`, as for `make envs`.
    """
    accelerator = os.environ.get("CACO_ACCELERATOR", "cpu")
    return env if env != "infer" or accelerator == "cpu" else f"{env}_{accelerator}"
