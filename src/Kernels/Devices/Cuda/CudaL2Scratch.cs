using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>Memory that is written to push everything else out of the L2 cache.</summary>
internal sealed class CudaL2Scratch : IDisposable
{
    private const long LeastBytes = 16L << 20;

    private readonly CudaContext _context;
    private readonly DevicePointer _scratch;

    public CudaL2Scratch(CudaContext context, CudaMemory memory, GpuProperties gpu)
    {
        _context = context;
        Bytes = Math.Max(2 * gpu.L2Bytes, LeastBytes) & ~3L;
        _scratch = memory.Allocate("L2 scratch", Bytes);
    }

    /// <summary>Twice the cache, since which lines a write evicts is the hardware's affair.</summary>
    public long Bytes { get; }

    public void Overwrite() => _context.Status.ThrowIfFailed(
        _context.Driver.cuMemsetD32Async(new CUdeviceptr(_scratch.Address), 0, (nuint)(Bytes / sizeof(uint)), _context.Stream));

    /// <summary>Statuses are not looked at: an error that came before is the one to be seen.</summary>
    public void Dispose() => _context.Driver.cuMemFree(new CUdeviceptr(_scratch.Address));
}
