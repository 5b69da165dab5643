using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>Two events in the stream, half a microsecond of resolution (CUDA Driver API, "cuEventElapsedTime").</summary>
internal sealed unsafe class CudaTimer : IGpuTimer
{
    /// <summary>CU_EVENT_DEFAULT: with timing, and a wait that does not sleep.</summary>
    private const uint DefaultFlags = 0;

    private readonly CudaContext _context;
    private readonly CUevent _start;
    private readonly CUevent _stop;
    private bool _disposed;

    public CudaTimer(CudaContext context)
    {
        _context = context;
        _start = Create();
        try
        {
            _stop = Create();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void Start() => Record(_start);

    public void Stop() => Record(_stop);

    public double Seconds()
    {
        _context.MakeCurrent();
        float milliseconds;
        _context.Status.ThrowIfFailed(_context.Driver.cuEventSynchronize(_stop));
        _context.Status.ThrowIfFailed(_context.Driver.cuEventElapsedTime(&milliseconds, _start, _stop));
        return milliseconds / 1000.0;
    }

    /// <summary>Statuses are not looked at: an error that came before is the one to be seen.</summary>
    public void Dispose()
    {
        if (!_disposed && _context.TryMakeCurrent())
        {
            if (_stop.Handle != 0)
            {
                _context.Driver.cuEventDestroy(_stop);
            }

            _context.Driver.cuEventDestroy(_start);
        }

        _disposed = true;
    }

    /// <summary>In a graph an event would be an edge, not a time.</summary>
    private void Record(CUevent passed)
    {
        _context.RequireNotCapturing("a timer");
        _context.MakeCurrent();
        _context.Status.ThrowIfFailed(_context.Driver.cuEventRecord(passed, _context.Stream));
    }

    private CUevent Create()
    {
        CUevent created;
        _context.MakeCurrent();
        _context.Status.ThrowIfFailed(_context.Driver.cuEventCreate(&created, DefaultFlags));
        return created;
    }
}
