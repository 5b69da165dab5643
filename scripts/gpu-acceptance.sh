#!/usr/bin/env bash
# Everything that an owner of a GPU wants to know, in one folder: harness acceptance (docs/gpu.md), from whatever is here to run it.
#
#   scripts/gpu-acceptance.sh [--published PATH] [options of harness acceptance: --out DIR, --only STEP,STEP, --python PATH, ...]
#
# --published PATH: a folder that scripts/publish.sh made, or its archive. Without it: built here where there is a .NET SDK, else
# publish/linux-x64 or publish/harness-linux-x64.tar.gz.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

published=
if [ "${1:-}" = --published ]; then
    if [ $# -lt 2 ]; then
        echo "gpu-acceptance: --published needs a folder or an archive" >&2
        exit 2
    fi
    published=$2
    shift 2
elif ! command -v dotnet >/dev/null || ! dotnet --list-sdks 2>/dev/null | grep -q .; then
    for candidate in "$root/publish/linux-x64" "$root/publish/harness-linux-x64.tar.gz"; do
        if [ -z "$published" ] && [ -e "$candidate" ]; then
            published=$candidate
        fi
    done
    if [ -z "$published" ]; then
        echo "gpu-acceptance: no .NET SDK and no published program here; install the .NET 10 SDK, or run scripts/publish.sh elsewhere and name what it made with --published" >&2
        exit 3
    fi
fi

if [ -z "$published" ]; then
    dotnet build -c Release -v quiet -nologo "$root/Harness.sln" >&2
    exec "$root/src/Harness/bin/Release/net10.0/harness" acceptance "$@"
fi
if [ -f "$published" ]; then
    unpacked=$(mktemp -d)
    trap 'rm -rf "$unpacked"' EXIT
    tar -xzf "$published" -C "$unpacked"
    published=$unpacked/linux-x64
fi
if [ ! -x "$published/harness" ]; then
    echo "gpu-acceptance: '$published' holds no program 'harness'; name a folder or an archive that scripts/publish.sh made" >&2
    exit 2
fi
status=0
"$published/harness" acceptance "$@" || status=$?
exit "$status"
