using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>Work of the stream, recorded once and launched as one.</summary>
internal sealed unsafe class CudaGraph : IGpuGraph
{
    private readonly CudaContext _context;
    private readonly CUgraphExec _executable;
    private bool _disposed;

    private CudaGraph(CudaContext context, CUgraphExec executable)
    {
        _context = context;
        _executable = executable;
    }

    /// <summary>
    /// Only calls of this thread are held to the rules of a capture (CU_STREAM_CAPTURE_MODE_THREAD_LOCAL). What <paramref name="enqueue"/>
    /// calls must have run before, so that nothing is loaded or allocated now.
    /// </summary>
    /// <exception cref="MachineException">the driver refuses what was enqueued</exception>
    public static CudaGraph Capture(CudaContext context, Action enqueue)
    {
        context.RequireNotCapturing("a capture");
        (ICudaDriver driver, CudaStatus status) = (context.Driver, context.Status);
        status.ThrowIfFailed(driver.cuStreamBeginCapture(context.Stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
        context.IsCapturing = true;
        CUgraph graph = default;
        try
        {
            enqueue();
        }
        catch
        {
            // The stream leaves its capture; that this fails too, after what was just caught, is no news.
            context.IsCapturing = false;
            driver.cuStreamEndCapture(context.Stream, &graph);
            Destroy(driver, graph);
            throw;
        }

        context.IsCapturing = false;
        try
        {
            CUgraphExec executable;
            status.ThrowIfFailed(driver.cuStreamEndCapture(context.Stream, &graph));
            status.ThrowIfFailed(driver.cuGraphInstantiateWithFlags(&executable, graph, 0));
            return new CudaGraph(context, executable);
        }
        finally
        {
            Destroy(driver, graph);
        }
    }

    public void Launch()
    {
        _context.MakeCurrent();
        _context.Status.ThrowIfFailed(_context.Driver.cuGraphLaunch(_executable, _context.Stream));
        _context.CountLaunch();
    }

    /// <summary>After a launch that is still under way. Statuses are not looked at: an error that came before is the one to be seen.</summary>
    public void Dispose()
    {
        if (!_disposed && _context.TryMakeCurrent())
        {
            _context.Driver.cuStreamSynchronize(_context.Stream);
            _context.Driver.cuGraphExecDestroy(_executable);
        }

        _disposed = true;
    }

    /// <summary>The recording; what was made executable of it is independent.</summary>
    private static void Destroy(ICudaDriver driver, CUgraph graph)
    {
        if (graph.Handle != 0)
        {
            driver.cuGraphDestroy(graph);
        }
    }
}
