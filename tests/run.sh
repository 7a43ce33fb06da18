#!/usr/bin/env bash
# Runs every check in the environment of the code under test.
#   run.sh            everything (`make test`)
#   run.sh fast       the tests that need no model and no sandbox, in the environment `workflow`
#                     (`make test-fast`)
#   run.sh coverage   everything, and the coverage of src/caco, which takes half as long again
#                     (`make coverage`)
#   run.sh faults     the long tests: kills, a cluster's faults, load (`make test-faults`)
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venvs/workflow/bin
export HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false
export COVERAGE_FILE="$PWD/.coverage"

workflow_tests=(
    tests/{runtime,config,rows,text,answers,statements,workflow,reports,preflight}
    tests/stages/{seeds,check,corpus,ablation}
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

# side_by_side GROUP...: runs two groups at a time in this order, the longest first; prints the
# output of each when it has ended, and starts no further group after a failed one. A group is an
# environment and arguments of pytest.
side_by_side() {
    printf '%s\n' "$@" | xargs -P 2 -d '\n' -I GROUP bash -c '
        group=(GROUP) printed=$(mktemp) end=passed
        ".venvs/${group[0]}/bin/python" -m '"${measure[*]}"' pytest "${group[@]:1}" \
            > "$printed" 2>&1 || end=FAILED
        printf "\n== tests in %s: %s after %d s\n%s\n" \
            "${group[*]}" $end "$SECONDS" "$(cat "$printed")"
        rm "$printed"
        [ $end = passed ] || exit 255'
}

if [ "${1:-}" = faults ]; then
    # Alone, because it compares an idle machine with an overloaded one.
    pytest_in sandbox -s tests/faults/sandbox/test_sandbox.py
    step groups side by side
    side_by_side "workflow tests/faults/slurm" "workflow tests/faults/loop" \
        "sandbox -s tests/faults/sandbox/test_rules.py" "train -s tests/faults/generation"
    step all checks passed
    exit
fi

step style, types and layers
tests/lint.sh

# These run alone: some measure time.
pytest_in sandbox tests/sandbox

# A group that waits (Slurm, vLLM's start) leaves its core to the other. Slurm and e2e in one session
# and in this order: they share a run, and the last test damages its last shard. What the groups with
# hundreds of Snakemakes execute is covered by the others, and coverage makes them twice as slow.
step groups side by side
snakemakes=(
    "workflow tests/slurm tests/e2e"
    "workflow tests/dag --ignore tests/dag/test_reruns.py"
    "workflow tests/dag/test_reruns.py"
)
groups=(
    "workflow ${workflow_tests[*]}"
    "infer tests/infer"
    "train tests/training"
    "train tests/models tests/engines tests/proof tests/grading"
    "sandbox tests/stages/verify tests/stages/unify tests/stages/round_trip tests/stages/calibrate/test_plant.py tests/preflight/test_node.py"
    "train tests/stages/draft tests/stages/calibrate tests/stages/sample tests/stages/reverse tests/stages/bench tests/stages/export tests/stages/pass_rate tests/stages/embed"
)
if [ "${1:-}" = coverage ]; then
    side_by_side "${groups[@]}"
    measure=()
    side_by_side "${snakemakes[@]}"
    step coverage
    "$bin/coverage" combine --quiet
    "$bin/coverage" report --fail-under=85
else
    side_by_side "${snakemakes[0]}" "${groups[@]}" "${snakemakes[@]:1}"
fi
step all checks passed
