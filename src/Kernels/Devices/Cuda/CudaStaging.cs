using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>
/// Copies between pageable host memory and the GPU through two pinned chunks: while one is on the bus, the host copies the other.
/// Without pinned memory the driver would copy through chunks of its own and wait after each.
/// </summary>
internal sealed unsafe class CudaStaging : IDisposable
{
    private const int ChunkBytes = 4 << 20;
    private const int Chunks = 2;
    private const uint DisableTiming = 2;

    private readonly CudaContext _context;
    private readonly nint[] _chunks = new nint[Chunks];
    private readonly CUevent[] _passed = new CUevent[Chunks];

    /// <exception cref="MachineException">the host has no memory to pin</exception>
    public CudaStaging(CudaContext context)
    {
        _context = context;
        try
        {
            for (int k = 0; k < Chunks; k++)
            {
                void* chunk;
                CUevent passed;
                context.Status.ThrowIfFailed(context.Driver.cuMemAllocHost(&chunk, ChunkBytes), "pinned memory for copies");
                _chunks[k] = (nint)chunk;
                context.Status.ThrowIfFailed(context.Driver.cuEventCreate(&passed, DisableTiming));
                _passed[k] = passed;
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// Returns when <paramref name="source"/> may change; the last chunks are then still on their way, before all later work of the stream.
    /// </summary>
    public void CopyToDevice(DevicePointer destination, ReadOnlySpan<byte> source)
    {
        _context.RequireNotCapturing("a copy to the device");
        int k = 0;
        for (long offset = 0; offset < source.Length; offset += ChunkBytes, k = 1 - k)
        {
            int bytes = (int)Math.Min(ChunkBytes, source.Length - offset);
            Await(k);
            source.Slice((int)offset, bytes).CopyTo(Chunk(k));
            _context.Status.ThrowIfFailed(_context.Driver.cuMemcpyHtoDAsync(
                new CUdeviceptr((destination + offset).Address), (void*)_chunks[k], (nuint)bytes, _context.Stream));
            Mark(k);
        }
    }

    /// <summary>After all earlier work of the stream; returns when the bytes are there.</summary>
    public void CopyToHost(Span<byte> destination, DevicePointer source)
    {
        _context.RequireNotCapturing("a copy to the host");
        Fetch(0, source, 0, destination.Length);
        int k = 0;
        for (long offset = 0; offset < destination.Length; offset += ChunkBytes, k = 1 - k)
        {
            Fetch(1 - k, source, offset + ChunkBytes, destination.Length);
            Await(k);
            int bytes = (int)Math.Min(ChunkBytes, destination.Length - offset);
            Chunk(k)[..bytes].CopyTo(destination.Slice((int)offset, bytes));
        }
    }

    /// <summary>Statuses are not looked at: an error that came before is the one to be seen.</summary>
    public void Dispose()
    {
        for (int k = Chunks - 1; k >= 0; k--)
        {
            if (_passed[k].Handle != 0)
            {
                _context.Driver.cuEventDestroy(_passed[k]);
                _passed[k] = default;
            }

            if (_chunks[k] != 0)
            {
                _context.Driver.cuMemFreeHost((void*)_chunks[k]);
                _chunks[k] = 0;
            }
        }
    }

    /// <summary>
    /// Orders the chunk at that offset from the GPU, if there is one. What the chunk carried before has passed: the stream runs in order.
    /// </summary>
    private void Fetch(int k, DevicePointer source, long offset, int length)
    {
        if (offset < length)
        {
            nuint bytes = (nuint)Math.Min(ChunkBytes, length - offset);
            _context.Status.ThrowIfFailed(_context.Driver.cuMemcpyDtoHAsync(
                (void*)_chunks[k], new CUdeviceptr((source + offset).Address), bytes, _context.Stream));
            Mark(k);
        }
    }

    private Span<byte> Chunk(int k) => new((void*)_chunks[k], ChunkBytes);

    private void Mark(int k) => _context.Status.ThrowIfFailed(_context.Driver.cuEventRecord(_passed[k], _context.Stream));

    /// <summary>Until the chunk's last copy has passed; at once where there was none (an event that was never recorded counts as passed).</summary>
    private void Await(int k) => _context.Status.ThrowIfFailed(_context.Driver.cuEventSynchronize(_passed[k]));
}
