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

    private static readonly Lazy<CudaApi> s_api = new(() => NativeLibraries.Load(null));

    /// <summary>Null where a GPU opens as every verb opens it.</summary>
    private static readonly Lazy<string?> s_whyNot = new(() =>
    {
        try
        {
            CudaDevice.Open(s_api.Value, KernelLibrary.Embedded, CudaOptions.Default).Dispose();
            return null;
        }
        catch (MachineException exception)
        {
            return $"needs a GPU: {exception.Message}";
        }
    });

    public static CudaApi Api
    {
        get
        {
            Assert.SkipWhen(s_whyNot.Value is not null, s_whyNot.Value ?? "");
            return s_api.Value;
        }
    }

    /// <summary>Opens the first GPU, or skips the test.</summary>
    public static CudaDevice Open(KernelLibrary? kernels = null, CudaOptions? options = null) =>
        CudaDevice.Open(Api, kernels ?? KernelLibrary.Embedded, options ?? CudaOptions.Default);
}
