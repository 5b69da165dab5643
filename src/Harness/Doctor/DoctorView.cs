using System.Collections.Immutable;
using Harness.Kernels.Devices;
using Harness.Kernels.Native;
using Harness.Reporting;
using Spectre.Console;

namespace Harness.Doctor;

/// <summary>
/// For a person whose setup may be broken: what was looked for in the order looked, what works, what to do, and last the verdict.
/// </summary>
internal static class DoctorView
{
    private const string Unknown = "-";

    public static void Write(DoctorReport report, IAnsiConsole console)
    {
        LookedForTable(report).WriteTo(console);
        LibraryTable(report).WriteTo(console);
        if (!report.Gpus.IsEmpty)
        {
            GpuTable(report).WriteTo(console);
        }

        CheckTable(report).WriteTo(console);
        if (!report.ToDo.IsEmpty)
        {
            console.Write(new Text("What to do\n", new Style(decoration: Decoration.Bold)));
            foreach ((int index, string line) in report.ToDo.Index())
            {
                console.WriteLine($"{index + 1}. {line}");
            }

            console.WriteLine();
        }

        if (!report.Works)
        {
            console.WriteLine("Until then --device sim runs everything on the software GPU.");
        }

        console.WriteLine(report.Verdict);
    }

    private static ReportTable LookedForTable(DoctorReport report) => new(
        "What was looked for, in this order", ["library", "where", "folder", "outcome"],
        [.. report.Libraries.SelectMany(library => Joined(library.LookedFor).Select((place, index) => ImmutableArray.Create(
            index == 0 ? library.Name : "", place.Source, place.Folders, place.Outcome)))],
        "A search ends where a library is found that fits; --libraries DIR, or HARNESS_LIBRARY_PATH, names folders to look in first.",
        TextColumns: 4);

    /// <summary>Neighbouring places of one kind with one outcome share a row.</summary>
    private static IEnumerable<(string Source, string Folders, string Outcome)> Joined(ImmutableArray<LookedFor> places)
    {
        for (int first = 0, next; first < places.Length; first = next)
        {
            next = first + 1;
            while (next < places.Length && (places[next].Source, places[next].Outcome) == (places[first].Source, places[first].Outcome))
            {
                next++;
            }

            LookedFor place = places[first];
            string folders = place.Folder is null
                ? string.Join(", ", place.Files)
                : string.Join('\n', places[first..next].Select(one => one.Folder));
            yield return (place.Source, folders, place.Outcome);
        }
    }

    private static ReportTable LibraryTable(DoctorReport report) => new(
        "Libraries", ["library", "version", "file", "state"],
        [.. report.Libraries.Select(library => ImmutableArray.Create(
            library.Name, library.Version ?? Unknown, library.File ?? Unknown,
            library.IsUsable ? library.Warning ?? "ready" : library.Problem!))],
        report.DriverVersion is { } version
            ? $"The driver is version {version} and supports CUDA {DoctorJson.Cuda(report.CudaVersion) ?? Unknown}."
            : "The driver's own version is known where NVML is.",
        TextColumns: 4);

    private static ReportTable GpuTable(DoctorReport report) => new(
        "GPUs",
        ["GPU", "name", "PCI", "compute capability", "multiprocessors", "memory (MiB)", "free (MiB)", "L2 (MiB)", "watched"],
        [.. report.Gpus.Select(gpu => ImmutableArray.Create(
            Quantities.Count(gpu.Properties.Index), gpu.Properties.Name, gpu.Properties.PciBusId,
            $"{gpu.Properties.ComputeMajor}.{gpu.Properties.ComputeMinor}", Quantities.Count(gpu.Properties.Multiprocessors),
            Quantities.MiB(gpu.Properties.MemoryBytes), Quantities.MiB(gpu.FreeBytes), Quantities.MiB(gpu.Properties.L2Bytes),
            gpu.Properties.IsWatched ? "yes" : "no"))],
        "On a GPU whose kernels are watched, usually because a display hangs on it, the system ends a kernel that runs for seconds.",
        TextColumns: 3);

    private static ReportTable CheckTable(DoctorReport report) => new(
        "Would --device cuda work?", ["check", "result", "seen"],
        [.. report.Checks.Select(check => ImmutableArray.Create(
            check.Name, check.Passed switch { true => "pass", false => "FAIL", null => Unknown }, check.Detail))],
        "Kernel, product and convolution are computed at awkward shapes and compared with references in double precision.", TextColumns: 3);
}
