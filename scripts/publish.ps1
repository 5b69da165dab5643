# Publishes harness and its test programs, with the .NET runtime, for a machine that has no .NET: publish/RUNTIME is ready to run, and
# publish/harness-RUNTIME.zip is the same in one file. The four programs share one runtime, in one folder.
#
#   scripts/publish.ps1 [RUNTIME]     win-x64 (default)
$ErrorActionPreference = 'Stop'
Set-Location (Split-Path -Parent $PSScriptRoot)
$runtime = if ($args.Count -gt 0) { $args[0] } else { 'win-x64' }
$mostBytes = 64MB
$folder = "publish/$runtime"

if (Test-Path $folder) { Remove-Item -Recurse -Force $folder }
foreach ($project in 'src/Harness', 'tests/Kernels.Tests', 'tests/Models.Tests', 'tests/Harness.Tests') {
    "publishing $project for $runtime"
    dotnet publish $project -c Release -r $runtime --self-contained -o $folder -v quiet -nologo
    if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
}
Copy-Item LICENSE $folder
$archive = "publish/harness-$runtime.zip"
Compress-Archive -Path $folder -DestinationPath $archive -Force
$bytes = (Get-Item $archive).Length
"${archive}: $bytes bytes"
if ($bytes -gt $mostBytes) {
    [Console]::Error.WriteLine("publish: $archive is larger than $mostBytes bytes")
    exit 1
}
