#!/usr/bin/env bash
# Every check, each in the environment where its code runs. Ends with the coverage of src/caco.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venvs/workflow/bin
export HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false
export COVERAGE_FILE="$PWD/.coverage"

step() { echo; echo "== $* (after ${SECONDS} s)"; }

step style and types
"$bin/ruff" check src scripts tests benchmarks
"$bin/ruff" format --check src scripts tests benchmarks
"$bin/mypy"
"$bin/snakefmt" --check Snakefile rules
"$bin/snakemake" --lint

"$bin/coverage" erase

# pytest_in ENVIRONMENT FOLDER...
pytest_in() {
    local env=$1
    shift
    step "tests in $env: $*"
    ".venvs/$env/bin/coverage" run -m pytest "$@"
}

# The sandbox's own tests have the machine to themselves: some are about time.
pytest_in sandbox tests/sandbox tests/stages/verify tests/stages/unify tests/stages/calibrate/test_plant.py tests/preflight/test_node.py
# Training is mostly starts of ranks, each on one core: beside all that runs in one process.
training=$(mktemp)
pytest_in train tests/training > "$training" 2>&1 &
trained=$!
trap 'pkill -P "$trained" || true; rm -f "$training"' EXIT
pytest_in workflow tests/runtime tests/config tests/rows tests/text tests/workflow tests/stages/seeds tests/stages/corpus tests/reports tests/preflight
pytest_in train tests/models tests/engines tests/stages/draft tests/stages/calibrate tests/stages/sample tests/stages/reverse tests/grading tests/stages/bench
pytest_in infer tests/infer
wait "$trained" || { cat "$training"; exit 1; }
cat "$training"
pytest_in workflow -n 2 tests/dag
# Together, and in this order: they compare with one run, whose last shard the last test damages.
pytest_in workflow tests/slurm tests/e2e

step coverage
"$bin/coverage" combine --quiet
"$bin/coverage" report --fail-under=85
step all checks passed
