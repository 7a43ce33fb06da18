#!/usr/bin/env bash
# Prints a Python interpreter of one of the versions asked for, first wish first.
#   find_python.sh 3.12 3.13
# Looks on the PATH and among pyenv's and uv's interpreters; each candidate is started, since a shim
# on the PATH may have nothing behind it.
set -euo pipefail
for version in "$@"; do
    for candidate in "python${version}" python3 \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"${version}".*/bin/python \
        "${UV_PYTHON_INSTALL_DIR:-$HOME/.local/share/uv/python}"/cpython-"${version}".*/bin/python; do
        found=$("$candidate" -c 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2], sys.executable)' 2>/dev/null) || continue
        if [ "${found%% *}" = "$version" ]; then
            echo "${found#* }"
            exit 0
        fi
    done
done
echo "cluster error: no Python $(printf '%s or ' "$@" | sed 's/ or $//') with venv is installed; install one (Debian: python3.X and python3.X-venv; pyenv: pyenv install 3.X; uv: uv python install 3.X) and run make again" >&2
exit 1
