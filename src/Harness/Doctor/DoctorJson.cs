using System.Globalization;
using System.Text.Json.Nodes;
using Harness.Kernels.Devices;
using Harness.Kernels.Native;

namespace Harness.Doctor;

/// <summary><c>harness.doctor/1</c>.</summary>
internal static class DoctorJson
{
    public static JsonObject Of(DoctorReport report) => new()
    {
        ["schema"] = "harness.doctor/1",
        ["works"] = report.Works,
        ["verdict"] = report.Verdict,
        ["driver"] = new JsonObject { ["version"] = report.DriverVersion, ["cudaVersion"] = Cuda(report.CudaVersion) },
        ["devices"] = new JsonArray([.. report.Gpus.Select(Gpu)]),
        ["libraries"] = new JsonArray([.. report.Libraries.Select(Library)]),
        ["checks"] = new JsonArray([.. report.Checks.Select(check => new JsonObject
        {
            ["name"] = check.Name, ["passed"] = check.Passed, ["detail"] = check.Detail,
        })]),
        ["toDo"] = new JsonArray([.. report.ToDo.Select(line => JsonValue.Create(line))]),
    };

    /// <summary>"12.6" for 12060.</summary>
    public static string? Cuda(int? version) =>
        version is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known / 1000}.{known % 1000 / 10}") : null;

    private static JsonObject Gpu(ListedGpu gpu) => new()
    {
        ["index"] = gpu.Properties.Index,
        ["name"] = gpu.Properties.Name,
        ["pciBusId"] = gpu.Properties.PciBusId,
        ["computeCapability"] = $"{gpu.Properties.ComputeMajor}.{gpu.Properties.ComputeMinor}",
        ["multiprocessors"] = gpu.Properties.Multiprocessors,
        ["memory"] = gpu.Properties.MemoryBytes,
        ["freeMemory"] = gpu.FreeBytes,
        ["l2Cache"] = gpu.Properties.L2Bytes,
        ["kernelsAreWatched"] = gpu.Properties.IsWatched,
    };

    private static JsonObject Library(LibraryFinding finding) => new()
    {
        ["name"] = finding.Name,
        ["usable"] = finding.IsUsable,
        ["file"] = finding.File,
        ["version"] = finding.Version,
        ["problem"] = finding.Problem,
        ["toDo"] = finding.ToDo,
        ["warning"] = finding.Warning,
        ["lookedFor"] = new JsonArray([.. finding.LookedFor.Select(place => new JsonObject
        {
            ["source"] = place.Source,
            ["folder"] = place.Folder,
            ["files"] = new JsonArray([.. place.Files.Select(file => JsonValue.Create(file))]),
            ["outcome"] = place.Outcome,
        })]),
    };
}
