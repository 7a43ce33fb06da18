#!/usr/bin/env bash
# Resolves envs/*.in (direct dependencies) into envs/*.txt (every package, pinned, with hashes):
#   lock.sh UV [PACKAGE...]
# A locked version stays as it is unless its package is named, or `all` is.
# uv reads UV_DEFAULT_INDEX and UV_INDEX, not pip's configuration.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=$1
shift
upgrade=()
for package in "$@"; do
    [ "$package" = all ] && upgrade+=(--upgrade) || upgrade+=(--upgrade-package "$package")
done

# compile NAME PYTHON_VERSION OPTION...
compile() {
    local name=$1 python=$2 before
    shift 2
    before=$(mktemp)
    [ -e "envs/$name.txt" ] || touch "envs/$name.txt"
    cp --preserve=timestamps "envs/$name.txt" "$before"
    echo "lock: envs/$name.txt for Python $python" >&2
    "$uv" pip compile --quiet "envs/$name.in" --output-file "envs/$name.txt" \
        --python-version "$python" --python-platform x86_64-manylinux_2_28 --strip-extras \
        --generate-hashes --custom-compile-command "make lock (from envs/$name.in)" \
        "${upgrade[@]}" "$@"
    # `make` makes an environment again when its list is newer, so an equal list keeps its time.
    if cmp --quiet "$before" "envs/$name.txt"; then
        cp --preserve=timestamps "$before" "envs/$name.txt"
    fi
    rm "$before"
}

compile lock 3.11
compile workflow 3.11
compile sandbox 3.12

# CUDA's libraries, and kernels for it, are installed only with a torch that is built for CUDA, so
# they have their own list. The other packages that torch needs are in the lists of train, infer and infer_cuda.
torch=$("$uv" pip compile --quiet envs/torch_cuda.in --constraint envs/train.txt --no-header \
    --no-annotate --python-version 3.11 --python-platform x86_64-manylinux_2_28 | sed 's/==.*//')
omit() { grep -E "$@" <<<"$torch" | sed 's/^/--no-emit-package=/'; }
mapfile -t not_cuda < <(omit -v '^(cuda-|nvidia-|triton|liger-kernel)')
mapfile -t cuda < <(omit '^(cuda-|nvidia-|triton|liger-kernel|torch$)')
compile torch_cuda 3.11 --constraint envs/train.txt "${not_cuda[@]}"
# setuptools, which DeepSpeed compiles with, is the one that venv installs with Python 3.11.
compile train 3.11 --constraint envs/torch_cuda.txt "${cuda[@]}" --no-emit-package=setuptools
compile infer 3.11 --constraint envs/torch_cuda.txt --override envs/infer.override "${cuda[@]}"
compile infer_cuda 3.11 --constraint envs/torch_cuda.txt "${cuda[@]}"
