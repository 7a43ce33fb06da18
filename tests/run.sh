#!/usr/bin/env bash
# Runs every check in the environment of the code under test.
#   run.sh            everything (`make test`)
#   run.sh fast       the tests that need no model and no sandbox, in the environment `workflow`
#                     (`make test-fast`)
#   run.sh coverage   everything, and the coverage of src/caco, which takes half as long again
#                     (`make coverage`)
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venvs/workflow/bin
export HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false
export COVERAGE_FILE="$PWD/.coverage"

workflow_tests=(
    tests/{runtime,config,rows,text,answers,statements,workflow,reports,preflight}
    tests/stages/{seeds,check,corpus}
)
if [ "${1:-}" = fast ]; then
    # Tests of pure functions from other environments also run in this one.
    exec "$bin/python" -m pytest "${workflow_tests[@]}" \
        tests/stages/unify/test_{alignment,equations}.py \
        tests/stages/verify/test_{perturb,rules,source,trivial}.py \
        tests/stages/reverse/test_{grounding,leak,multiplicity,no_question,worded_operations}.py \
        tests/stages/bench/test_scores.py \
        tests/stages/calibrate/test_rates.py tests/grading/test_intervals.py \
        tests/training/test_deepspeed_settings.py
fi

step() { echo; echo "== $* (after ${SECONDS} s)"; }

step style, types and layers
tests/lint.sh

measure=()
if [ "${1:-}" = coverage ]; then
    "$bin/coverage" erase
    measure=(coverage run -m)
fi

# pytest_in ENVIRONMENT FOLDER...
pytest_in() {
    local env=$1
    shift
    step "tests in $env: $*"
    ".venvs/$env/bin/python" -m "${measure[@]}" pytest "$@"
}

# The sandbox tests run alone: some measure time.
pytest_in sandbox tests/sandbox tests/stages/verify tests/stages/unify tests/stages/calibrate/test_plant.py tests/preflight/test_node.py
# Training tests mostly start ranks and vLLM's mostly wait: they run beside single-process tests.
beside=$(mktemp)
{
    pytest_in train tests/training
    pytest_in infer tests/infer
} > "$beside" 2>&1 &
second=$!
trap 'pkill -P "$second" || true; rm -f "$beside"' EXIT
pytest_in workflow "${workflow_tests[@]}"
pytest_in train tests/models tests/engines tests/proof tests/stages/draft tests/stages/calibrate tests/stages/sample tests/stages/reverse tests/grading tests/stages/bench tests/stages/export tests/stages/pass_rate tests/stages/embed

# These start hundreds of Snakemakes, which coverage makes twice as slow; what they execute is
# covered above.
measure=()
pytest_in workflow -n 2 tests/dag
wait "$second" || { cat "$beside"; exit 1; }
cat "$beside"

# In one session and in this order: they share a run, and the last test damages its last shard.
pytest_in workflow tests/slurm tests/e2e

if [ "${1:-}" = coverage ]; then
    step coverage
    "$bin/coverage" combine --quiet
    "$bin/coverage" report --fail-under=85
fi
step all checks passed
