using System.Collections.Immutable;
using Harness.Kernels;
using Harness.Kernels.Checks;
using Harness.Kernels.Devices;
using Harness.Kernels.Native;
using Harness.Kernels.Ptx;

namespace Harness.Doctor;

/// <summary>Would <c>--device cuda</c> work here? Opens it as every other verb does and computes with it.</summary>
internal static class Examination
{
    private const string Driver = "driver";
    private const string Convolution = "convolution";

    /// <summary>One entry of our own and one of each library, at all their shapes, against their references.</summary>
    private static readonly ImmutableArray<(string Name, string Entry)> s_works =
        [("kernel", "tensor_add"), ("product", "gemm"), (Convolution, Convolution)];

    public static DoctorReport Of(NativeSetup setup)
    {
        CudaApi api = setup.Api;
        var checks = ImmutableArray.CreateBuilder<DoctorCheck>();
        ImmutableArray<ListedGpu> gpus = [];
        try
        {
            gpus = GpuList.Of(api);
            checks.Add(new DoctorCheck(Driver, true, $"starts and sees {gpus.Length} {(gpus.Length == 1 ? "GPU" : "GPUs")}"));
        }
        catch (MachineException exception)
        {
            checks.Add(new DoctorCheck(Driver, false, Shortened(setup, exception)));
        }

        if (gpus.IsEmpty)
        {
            checks.Add(new DoctorCheck("GPU", null, "not tried without a GPU that CUDA can use"));
        }

        foreach (ListedGpu gpu in gpus)
        {
            checks.AddRange(Examine(setup, gpu.Properties));
        }

        return Conclude(setup, gpus, checks.ToImmutable());
    }

    private static IEnumerable<DoctorCheck> Examine(NativeSetup setup, GpuProperties gpu)
    {
        CudaApi api = setup.Api;
        string name = $"GPU {gpu.Index}";
        IDevice device;
        try
        {
            device = CudaDevice.Open(api, KernelLibrary.Embedded, CudaOptions.Default with { Index = gpu.Index });
        }
        catch (MachineException exception)
        {
            return
            [
                new DoctorCheck($"{name}: opens", false, Shortened(setup, exception)),
                .. s_works.Select(work => new DoctorCheck($"{name}: {work.Name}", null, "not tried, since it does not open")),
            ];
        }

        using (device)
        {
            string libraries = api.Cudnn.Value is null ? "cuBLAS" : "cuBLAS and cuDNN";
            return
            [
                new DoctorCheck($"{name}: opens", true, $"context, {libraries}, every kernel compiled"),
                .. s_works.Select(work => work.Entry == Convolution && api.Cudnn.Value is null
                    ? new DoctorCheck($"{name}: {work.Name}", null, "not tried without cuDNN")
                    : Compute(device, $"{name}: {work.Name}", work.Entry)),
            ];
        }
    }

    private static DoctorCheck Compute(IDevice device, string name, string entry)
    {
        try
        {
            KernelCheckResult? wrong = KernelCheck.Run(device, entry).FirstOrDefault(result => !result.Passed);
            return wrong is null
                ? new DoctorCheck(name, true, $"{entry} is right at every shape")
                : new DoctorCheck(name, false, $"{entry} is wrong at {wrong.Shape}: {wrong.Failure}");
        }
        catch (MachineException exception)
        {
            // Most models need no convolution: a cuDNN that does not start is like one that is missing.
            return new DoctorCheck(name, false, exception.Message, IsNeeded: entry != Convolution);
        }
    }

    /// <summary>Where a library is to blame, only what is wrong with it: what to do is said once, further down.</summary>
    private static string Shortened(NativeSetup setup, MachineException exception) =>
        setup.Findings.FirstOrDefault(finding => finding.WhyNot == exception.Message)?.Problem ?? exception.Message;

    private static DoctorReport Conclude(NativeSetup setup, ImmutableArray<ListedGpu> gpus, ImmutableArray<DoctorCheck> checks)
    {
        // What cuda means without a number is the first GPU.
        bool works = !gpus.IsEmpty
            && checks.Where(check => check.Name.StartsWith("GPU 0:", StringComparison.Ordinal))
                .All(check => check.Passed != false || !check.IsNeeded);
        LibraryFinding[] missing = [.. setup.Findings.Where(finding => !finding.IsUsable)];
        ImmutableArray<string> toDo =
        [
            .. missing.Where(IsRequired).Select(finding => finding.WhyNot!),
            .. checks.Where(check => check.Passed == false).Select(check => check.Detail)
                .Except(missing.Select(finding => finding.Problem!)),
            .. missing.Where(finding => !IsRequired(finding)).Select(finding => $"{finding.WhyNot} ({WhatFor(finding)})"),
            .. setup.Findings.Where(finding => finding.Warning is not null).Select(finding => finding.Warning!),
        ];
        return new DoctorReport(
            setup.Findings, GpuList.DriverVersion(setup.Api), gpus.IsEmpty ? null : gpus[0].Properties.DriverVersion, gpus, checks, toDo,
            works,
            works ? Good(gpus, checks) : $"cuda does not work here. First: {toDo[0]}");
    }

    private static string Good(ImmutableArray<ListedGpu> gpus, ImmutableArray<DoctorCheck> checks) =>
        $"cuda works: --device cuda is GPU 0, {gpus[0].Properties.Name}"
        + (checks.Any(check => check.Name == $"GPU 0: {Convolution}" && check.Passed == true)
            ? ""
            : "; without cuDNN vgg16 and mnist-cnn do not run, the other models do");

    private static bool IsRequired(LibraryFinding finding) => finding.Name is not ("cuDNN" or "NVML");

    private static string WhatFor(LibraryFinding finding) =>
        finding.Name == "cuDNN" ? "only vgg16 and mnist-cnn need it" : "only clocks and temperatures beside timings need it";
}
