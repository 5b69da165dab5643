# Everything that an owner of a GPU wants to know, in one folder: harness acceptance (docs/gpu.md), from whatever is here to run it.
#
#   scripts/gpu-acceptance.ps1 [--published PATH] [options of harness acceptance: --out DIR, --only STEP,STEP, --python PATH, ...]
#
# --published PATH: a folder that scripts/publish.ps1 made, or its archive. Without it: built here where there is a .NET SDK, else
# publish/win-x64 or publish/harness-win-x64.zip. Has no parameters of its own, so that PowerShell hands on every word as it is.
$ErrorActionPreference = 'Stop'
$root = Split-Path -Parent $PSScriptRoot
$words = @($args)

$published = $null
if ($words.Count -gt 0 -and $words[0] -eq '--published') {
    if ($words.Count -lt 2) {
        [Console]::Error.WriteLine('gpu-acceptance: --published needs a folder or an archive')
        exit 2
    }
    $published = $words[1]
    $words = @($words | Select-Object -Skip 2)
} elseif (-not (Get-Command dotnet -ErrorAction SilentlyContinue) -or -not (dotnet --list-sdks)) {
    $published = @("$root/publish/win-x64", "$root/publish/harness-win-x64.zip") | Where-Object { Test-Path $_ } | Select-Object -First 1
    if (-not $published) {
        [Console]::Error.WriteLine('gpu-acceptance: no .NET SDK and no published program here; install the .NET 10 SDK, or run scripts/publish.ps1 elsewhere and name what it made with --published')
        exit 3
    }
}

if (-not $published) {
    dotnet build -c Release -v quiet -nologo "$root/Harness.sln"
    if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
    & "$root/src/Harness/bin/Release/net10.0/harness.exe" acceptance @words
    exit $LASTEXITCODE
}
$unpacked = $null
try {
    if (Test-Path $published -PathType Leaf) {
        $unpacked = Join-Path ([IO.Path]::GetTempPath()) ([Guid]::NewGuid().ToString('N'))
        Expand-Archive -Path $published -DestinationPath $unpacked
        $published = Join-Path $unpacked 'win-x64'
    }
    if (-not (Test-Path "$published/harness.exe")) {
        [Console]::Error.WriteLine("gpu-acceptance: '$published' holds no program 'harness.exe'; name a folder or an archive that scripts/publish.ps1 made")
        exit 2
    }
    & "$published/harness.exe" acceptance @words
    exit $LASTEXITCODE
} finally {
    if ($unpacked) { Remove-Item -Recurse -Force $unpacked }
}
