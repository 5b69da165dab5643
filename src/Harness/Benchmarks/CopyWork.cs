using Harness.Kernels.Devices;
using Harness.Timing;

namespace Harness.Benchmarks;

/// <summary>A copy between two ranges of device memory that are each many times the cache: what any kernel's bandwidth is compared with.</summary>
internal sealed class CopyWork : IBenchmarkWork
{
    private readonly IGpu _gpu;
    private readonly long _bytes;
    private readonly DevicePointer _source;
    private readonly DevicePointer _destination;

    public CopyWork(IGpu gpu, long bytes)
    {
        _gpu = gpu;
        _bytes = bytes;
        _source = gpu.Allocate("copy source", 2 * bytes);
        _destination = _source + bytes;
        byte[] piece = new byte[Math.Min(bytes, 1 << 20)];
        new Random(42).NextBytes(piece); // some memories and links are faster on zeros
        for (long offset = 0; offset < bytes; offset += piece.Length)
        {
            gpu.CopyToDevice(_source + offset, piece.AsSpan(0, (int)Math.Min(piece.Length, bytes - offset)));
        }
    }

    public int MostExecutions(CacheState cache) => 16;

    public void Prepare(CacheState cache, int executions) => Copy();

    public void Enqueue(CacheState cache, int executions)
    {
        for (int execution = 0; execution < executions; execution++)
        {
            Copy();
        }
    }

    public void Wait()
    {
    }

    public void Finish()
    {
    }

    public void Dispose() => _gpu.Free(_source);

    private void Copy() => _gpu.CopyOnDevice(_destination, _source, _bytes);
}
