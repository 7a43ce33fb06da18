#!/usr/bin/env bash
# Makes one environment from its pinned list: make_env.sh NAME FOLDER PYTHON_VERSION...
# vLLM is another package where there are NVIDIA GPUs. CACO_ACCELERATOR (cuda or cpu) says which is
# meant, for login nodes have none; unset, this machine is looked at.
set -euo pipefail
name=$1 folder=$2
shift 2
python=$("$(dirname "$0")/find_python.sh" "$@")
list=envs/$name.txt
if [ "$name" = infer ]; then
    accelerator=${CACO_ACCELERATOR:-$(nvidia-smi --list-gpus 2>/dev/null | grep -q GPU && echo cuda || echo cpu)}
    [ "$accelerator" = cpu ] || list=envs/infer_$accelerator.txt
fi
started=$SECONDS
echo "envs: making $folder with $("$python" --version) from $list"
rm -rf "$folder"
"$python" -m venv "$folder"
install() { "$folder/bin/python" -m pip install --quiet --no-deps --requirement "$1"; }
install "$list"
# The package index's torch needs CUDA's libraries, the one for CPUs alone (wherever pip is told to
# look for it) does not.
if torch=$("$folder/bin/python" -c 'from importlib.metadata import version; print(version("torch"))' 2>/dev/null) &&
    [ "${torch%+cpu}" = "$torch" ]; then
    install envs/torch_cuda.txt
    headers=$("$folder/bin/python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
    if [ ! -e "$headers/Python.h" ] || ! command -v "${CC:-cc}" gcc clang >/dev/null; then
        echo "envs: notice: on GPUs Triton compiles its kernels, for which a node needs a C compiler" \
            "and $headers/Python.h (python3-dev, python3.11-devel); this machine lacks one of them" >&2
    fi
fi
if [ "$name" = sandbox ]; then
    envs/nsjail_libraries.sh "$folder"
fi
echo "envs: $folder is ready after $((SECONDS - started)) s"
