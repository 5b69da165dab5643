using System.Collections.Immutable;

namespace Harness.Kernels.Devices;

/// <summary>A device that has memory, a clock, a cache and graphs of its own: a real GPU (or a double of one).</summary>
public interface IGpu : IDevice
{
    GpuProperties Properties { get; }

    /// <summary>The driver's own account, now: it counts what every process holds.</summary>
    GpuMemory Memory { get; }

    /// <summary>What opening the device took, stage by stage, in order: context, libraries, modules, staging.</summary>
    ImmutableArray<MemoryStage> OpeningStages { get; }

    /// <summary>Device memory that the device took for itself, outside every region that a caller allocated: cuBLAS's workspace, the L2 scratch.</summary>
    IReadOnlyList<DeviceAllocation> OwnAllocations { get; }

    /// <summary>For whoever will need convolutions or poolings, before anything is allocated for them.</summary>
    /// <exception cref="MachineException">there are none: says which library is missing and what to install</exception>
    void RequireConvolutions();

    /// <summary>What was chosen for each distinct convolution so far, in the order of first use.</summary>
    IReadOnlyList<ConvolutionChoice> ConvolutionChoices { get; }

    /// <summary>Handed to the stream so far: kernel launches, library calls, and a graph as one. Work that is being captured does not count.</summary>
    long Launches { get; }

    /// <summary>Every entry of the device's kernel library, in the order of its files.</summary>
    ImmutableArray<LoadedKernel> LoadedKernels { get; }

    /// <summary>What the driver's compiler made of a kernel.</summary>
    KernelResources Resources(KernelHandle kernel);

    /// <summary>Enqueues a copy from device memory to device memory; the two ranges do not overlap.</summary>
    void CopyOnDevice(DevicePointer destination, DevicePointer source, long bytes);

    IGpuTimer CreateTimer();

    /// <summary>Enqueues a write over more bytes than the L2 cache holds, so that the next kernel starts cold.</summary>
    void FlushL2();

    /// <summary>Records what <paramref name="enqueue"/> hands to the device, which does not run meanwhile.</summary>
    IGpuGraph Capture(Action enqueue);
}

/// <param name="L2Bytes">of the L2 cache</param>
/// <param name="PciBusId">as the driver prints it, to find the same device elsewhere (NVML)</param>
/// <param name="IsWatched">kernels that run too long are ended by the system: a display hangs on this GPU</param>
/// <param name="DriverVersion">the CUDA version that the driver supports, 1000 * major + 10 * minor</param>
/// <param name="CublasVersion">as the library reports it, null where it is missing</param>
/// <param name="CudnnVersion">likewise</param>
public sealed record GpuProperties(
    string Name, int Index, string PciBusId, int ComputeMajor, int ComputeMinor, int Multiprocessors, long MemoryBytes, long L2Bytes,
    bool IsWatched, int DriverVersion, long? CublasVersion, long? CudnnVersion);

public readonly record struct GpuMemory(long FreeBytes, long TotalBytes);

/// <param name="Name">for reports</param>
public readonly record struct DeviceAllocation(string Name, long Bytes);

/// <summary>Which of the three convolutions.</summary>
public enum ConvolutionPass
{
    Forward,
    WeightBackward,
    DataBackward,
}

/// <param name="Relu">false in the backward passes</param>
/// <param name="Algorithm">cuDNN's name without its prefix, such as IMPLICIT_PRECOMP_GEMM</param>
/// <param name="NeededBytes">workspace that the library says this algorithm needs</param>
/// <param name="BudgetBytes">workspace that it was given</param>
public sealed record ConvolutionChoice(
    ConvolutionShape Shape, bool Relu, string Algorithm, long NeededBytes, long BudgetBytes, ConvolutionPass Pass = ConvolutionPass.Forward);

/// <summary>The driver's free memory before and after one stage of a run; null where nobody could say (before there is a context, without NVML).</summary>
/// <param name="RequestedBytes">what we asked the driver for during the stage; the rest of the change is its own or its libraries'</param>
public readonly record struct MemoryStage(string Name, long? FreeBeforeBytes, long? FreeAfterBytes, long RequestedBytes)
{
    public long? TakenBytes => FreeBeforeBytes - FreeAfterBytes;

    public long? UnattributedBytes => TakenBytes - RequestedBytes;
}

/// <param name="File">the PTX file that it is in</param>
public sealed record LoadedKernel(string Name, string File, KernelResources Resources);

/// <param name="StaticSharedBytes">a block</param>
/// <param name="LocalBytes">a thread: spills and arrays</param>
/// <param name="BinaryVersion">compute capability that it was compiled for, 10 * major + minor</param>
public sealed record KernelResources(int Registers, int StaticSharedBytes, int LocalBytes, int MaxThreads, int BinaryVersion);

/// <summary>Two events in the device's stream.</summary>
public interface IGpuTimer : IDisposable
{
    void Start();

    void Stop();

    /// <summary>Device time between the two; waits until the second has passed.</summary>
    double Seconds();
}

/// <summary>Captured work that can be launched again, over the same addresses.</summary>
public interface IGpuGraph : IDisposable
{
    void Launch();
}
