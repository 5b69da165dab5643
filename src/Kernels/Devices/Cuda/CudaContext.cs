using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>
/// The GPU's primary context and the one stream that all work goes to. The context is current on every thread that uses the device: it
/// may change threads, but only one may use it at a time, since calls share the stream and its capture.
/// </summary>
internal sealed unsafe class CudaContext : IDisposable
{
    /// <summary>Does not wait for the legacy default stream, nor that for it: no call of ours goes there (CU_STREAM_NON_BLOCKING).</summary>
    private const uint NonBlockingStream = 1;

    [ThreadStatic]
    private static CudaContext? t_current;

    private readonly CUdevice _device;
    private readonly CUcontext _context;
    private readonly CUstream _stream;
    private bool _disposed;

    /// <exception cref="MachineException">the driver refuses a context: memory is lacking, or another process has the GPU for itself</exception>
    public CudaContext(ICudaDriver driver, CudaStatus status, CUdevice device)
    {
        Driver = driver;
        Status = status;
        _device = device;
        CUcontext context;
        status.ThrowIfFailed(driver.cuDevicePrimaryCtxRetain(&context, device));
        _context = context;
        try
        {
            MakeCurrent();
            CUstream stream;
            status.ThrowIfFailed(driver.cuStreamCreate(&stream, NonBlockingStream));
            _stream = stream;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public ICudaDriver Driver { get; }

    public CudaStatus Status { get; }

    public CUstream Stream => _stream;

    /// <summary>Work handed to the stream is recorded and does not run.</summary>
    public bool IsCapturing { get; set; }

    /// <summary>Handed to the stream so far, other than copies and fills.</summary>
    public long Launches { get; private set; }

    public void CountLaunch()
    {
        if (!IsCapturing)
        {
            Launches++;
        }
    }

    /// <summary>Before every call that the driver answers for the calling thread's context.</summary>
    public void MakeCurrent()
    {
        if (t_current != this)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(CudaDevice));
            Status.ThrowIfFailed(Driver.cuCtxSetCurrent(_context));
            t_current = this;
        }
    }

    /// <summary>As <see cref="MakeCurrent"/>, for releasing: false where nothing is left to release, because the context has gone.</summary>
    public bool TryMakeCurrent()
    {
        if (t_current != this && !_disposed && Driver.cuCtxSetCurrent(_context) == CUresult.CUDA_SUCCESS)
        {
            t_current = this;
        }

        return t_current == this;
    }

    /// <exception cref="InvalidOperationException">work is being captured, where the driver forbids this</exception>
    public void RequireNotCapturing(string what)
    {
        if (IsCapturing)
        {
            throw new InvalidOperationException($"{what} is not allowed while work is captured");
        }
    }

    public void Synchronize() => Status.ThrowIfFailed(Driver.cuStreamSynchronize(_stream));

    public GpuMemory Memory()
    {
        nuint free, total;
        Status.ThrowIfFailed(Driver.cuMemGetInfo(&free, &total));
        return new GpuMemory((long)free, (long)total);
    }

    /// <summary>
    /// A library's call fails with a status of its own when a kernel before it has destroyed the context: the driver's error is then the
    /// one to show. Null where the context is well.
    /// </summary>
    public MachineException? LossBehind(string call)
    {
        CUresult status = Driver.cuStreamSynchronize(_stream);
        return CudaStatus.IsSticky(status) ? Status.Failure(status, null, call) : null;
    }

    /// <summary>
    /// Statuses are not looked at: what cannot be released here ends with the process, and an error that came before is the one to be seen.
    /// </summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (_stream.Handle != 0)
        {
            Driver.cuStreamDestroy(_stream);
        }

        if (t_current == this)
        {
            Driver.cuCtxSetCurrent(default);
            t_current = null;
        }

        Driver.cuDevicePrimaryCtxRelease(_device);
    }
}
