using System.Runtime.CompilerServices;

[assembly: DisableRuntimeMarshalling]

namespace Harness.Kernels.Native;

/// <summary>What the imports of this assembly call a library; the resolver puts the one that was found behind the name.</summary>
internal static class NativeNames
{
    public const string Cuda = "cuda";
    public const string Cublas = "cublas";
    public const string Cudnn = "cudnn";
    public const string Nvml = "nvml";
}
