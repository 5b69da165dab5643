using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Native;
using Harness.Kernels.Ptx;
using Xunit;

namespace Harness.Tests.Shared;

/// <summary>
/// The GPU of this machine, for tests that need one: class marked <c>[Trait(Gpu.Category, Gpu.Needed)]</c> and <c>[Collection(Gpu.Needed)]</c>, so
/// that they can be chosen and never run at the same time. Where there is none, they are skipped with the reason.
/// </summary>
internal static class Gpu
{
    public const string Category = "category";
    public const string Needed = "gpu";

    private static readonly Lazy<NativeSetup> s_setup = new(() => NativeLibraries.Find(null));

    /// <summary>Null where a GPU opens as every verb opens it.</summary>
    private static readonly Lazy<string?> s_whyNot = new(() =>
    {
        try
        {
            CudaDevice.Open(s_setup.Value.Api, KernelLibrary.Embedded, CudaOptions.Default).Dispose();
            return null;
        }
        catch (MachineException exception)
        {
            return $"needs a GPU: {exception.Message}";
        }
    });

    /// <summary>NVIDIA's software here, with all that was looked for.</summary>
    public static NativeSetup Setup
    {
        get
        {
            Assert.SkipWhen(s_whyNot.Value is not null, s_whyNot.Value ?? "");
            return s_setup.Value;
        }
    }

    public static CudaApi Api => Setup.Api;

    /// <summary>Opens the first GPU, or skips the test.</summary>
    public static CudaDevice Open(KernelLibrary? kernels = null, CudaOptions? options = null) =>
        CudaDevice.Open(Api, kernels ?? KernelLibrary.Embedded, options ?? CudaOptions.Default);
}
