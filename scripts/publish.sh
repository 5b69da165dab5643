#!/usr/bin/env bash
# Publishes harness and its test programs, with the .NET runtime, for a machine that has no .NET: publish/RUNTIME is ready to run, and
# publish/harness-RUNTIME.tar.gz is the same in one file. The four programs share one runtime, in one folder.
#
#   scripts/publish.sh [RUNTIME]      linux-x64 (default) or win-x64 (as a .zip with scripts/publish.ps1)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
runtime=${1:-linux-x64}
most_bytes=$((64 * 1024 * 1024))
folder=publish/$runtime

rm -rf "$folder"
for project in src/Harness tests/Kernels.Tests tests/Models.Tests tests/Harness.Tests; do
    echo "publishing $project for $runtime"
    dotnet publish "$project" -c Release -r "$runtime" --self-contained -o "$folder" -v quiet -nologo
done
cp LICENSE "$folder/"
archive=publish/harness-$runtime.tar.gz
tar -czf "$archive" -C publish "$runtime"
bytes=$(wc -c <"$archive")
echo "$folder: $(du -sm "$folder" | cut -f 1) MiB; $archive: $bytes bytes"
if [ "$bytes" -gt "$most_bytes" ]; then
    echo "publish: $archive is larger than $most_bytes bytes" >&2
    exit 1
fi
