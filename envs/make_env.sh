#!/usr/bin/env bash
# Makes one environment from its pinned list: make_env.sh NAME FOLDER PYTHON_VERSION...
# vLLM is a different package on NVIDIA GPUs. CACO_ACCELERATOR (cuda or cpu) selects it, since a login
# node has no GPU; unset, this machine's GPUs decide.
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
# --no-deps: the lists are complete (envs/lock.sh). pip checks the hashes of a list that has them.
install() { "$folder/bin/python" -m pip install --quiet --no-deps --requirement "$1"; }
install "$list"
if grep --quiet --line-regexp --fixed-strings -e "-r torch.txt" "${list%.txt}.in"; then
    install envs/torch.txt
fi
# The package index's torch needs CUDA's libraries. A build for CPUs (which pip may find through
# PIP_FIND_LINKS) does not.
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
