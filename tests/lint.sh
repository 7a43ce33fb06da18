#!/usr/bin/env bash
# Style, types and layers: every check runs, and the exit status is 1 if one fails (`make lint`).
# Needs only the environment `workflow`.
set -uo pipefail
cd "$(dirname "$0")/.."
bin=${CACO_ENVS:-.venvs}/workflow/bin
failed=()

check() {
    "$bin/$@" || failed+=("$*")
}

check ruff check src scripts tests benchmarks
check ruff format --check src scripts tests benchmarks
check mypy
check snakefmt --check Snakefile rules
check snakemake --lint
PYTHONPATH=src check lint-imports

[ ${#failed[@]} -eq 0 ] && exit
printf 'lint: failed: %s\n' "${failed[@]}" >&2
exit 1
