using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Ptx;

namespace Harness.CommandLine;

/// <summary>Where the software GPU is made.</summary>
internal static class SoftwareGpu
{
    public static IDevice Open(KernelLibrary library) =>
        throw new MachineException($"this build has no software GPU to run the {library.Sources.Length} kernel files; use --device null");
}
