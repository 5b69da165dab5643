#!/bin/sh
# Compiles every .cu here to PTX. clang needs no CUDA toolkit for that.
set -eu
cd "$(dirname "$0")"
for source in *.cu; do
    clang-14 -x cuda --cuda-device-only -nocudainc -nocudalib --cuda-gpu-arch=sm_75 -Xclang -target-feature -Xclang +ptx64 -S -O2 \
        -o "${source%.cu}.ptx" "$source"
done
clang-14 -x cuda --cuda-device-only -nocudainc -nocudalib --cuda-gpu-arch=sm_75 -Xclang -target-feature -Xclang +ptx64 -S -O0 -g \
    -fdebug-prefix-map="$PWD"=corpus -o debug.ptx calls.cu
