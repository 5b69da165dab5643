using System.Collections.Immutable;
using Harness.Kernels.Devices;
using Harness.Kernels.Native;

namespace Harness.Doctor;

/// <param name="Passed">null: not tried, because something before it failed or is missing</param>
/// <param name="Detail">what was seen, or what is wrong and what to do, one line</param>
/// <param name="IsNeeded">where this fails, <c>--device cuda</c> does not work; else only models with convolutions do not</param>
internal sealed record DoctorCheck(string Name, bool? Passed, string Detail, bool IsNeeded = true);

/// <summary>What <c>harness doctor</c> found.</summary>
/// <param name="DriverVersion">the driver's own, null where NVML does not tell</param>
/// <param name="CudaVersion">that the driver supports, 1000 * major + 10 * minor; null where the driver does not start</param>
/// <param name="Checks">in the order tried</param>
/// <param name="ToDo">what to install or to change, the most important first</param>
/// <param name="Works"><c>--device cuda</c> computes, and rightly</param>
/// <param name="Verdict">one line: whether it works, and where it does not the first thing to do</param>
internal sealed record DoctorReport(
    ImmutableArray<LibraryFinding> Libraries, string? DriverVersion, int? CudaVersion, ImmutableArray<ListedGpu> Gpus,
    ImmutableArray<DoctorCheck> Checks, ImmutableArray<string> ToDo, bool Works, string Verdict);
