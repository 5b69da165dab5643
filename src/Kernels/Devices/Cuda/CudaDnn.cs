using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>cuDNN: convolutions, their gradients, poolings. Each distinct one is prepared at its first call; later calls create nothing.</summary>
internal sealed unsafe class CudaDnn : IDisposable
{
    private readonly ICudnn _cudnn;
    private readonly CudaContext _context;
    private readonly CudnnStatus _status;
    private readonly cudnnHandle_t _handle;
    private readonly CudnnSetting _setting;
    private readonly Dictionary<ConvolutionKey, CudnnConvolution<ConvolutionCall>> _convolutions = [];
    private readonly Dictionary<ConvolutionKey, CudnnConvolution<ConvolutionWeightBackwardCall>> _weightGradients = [];
    private readonly Dictionary<ConvolutionKey, CudnnConvolution<ConvolutionDataBackwardCall>> _dataGradients = [];
    private readonly Dictionary<MaxPoolKey, CudnnMaxPool> _pools = [];
    private readonly List<ConvolutionChoice> _choices = [];

    /// <exception cref="MachineException">cuDNN does not start</exception>
    private CudaDnn(ICudnn cudnn, CudaContext context, GpuProperties gpu, MathMode math)
    {
        _cudnn = cudnn;
        _context = context;
        _status = new CudnnStatus(cudnn, context);
        cudnnHandle_t handle;
        _status.ThrowIfFailed(cudnn.cudnnCreate(&handle));
        _handle = handle;
        _setting = new CudnnSetting(cudnn, _status, handle, math, gpu.ComputeMajor);
        try
        {
            _status.ThrowIfFailed(cudnn.cudnnSetStream(handle, context.Stream));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// A cuDNN that is missing or does not start on this GPU leaves the device without one, since products and kernels need none: the
    /// reason is kept for whoever does.
    /// </summary>
    /// <exception cref="MachineException">the context is lost</exception>
    public static (CudaDnn? Dnn, string? WhyNot) TryOpen(NativePart<ICudnn> cudnn, CudaContext context, GpuProperties gpu, MathMode math)
    {
        try
        {
            return (new CudaDnn(cudnn.Required, context, gpu, math), null);
        }
        catch (MachineException failure) when (!context.Status.IsContextLost)
        {
            return (null, failure.Message);
        }
    }

    /// <summary>As cudnnGetVersion reports it, such as 90100.</summary>
    public long Version => (long)_cudnn.cudnnGetVersion();

    /// <summary>In the order of first use.</summary>
    public IReadOnlyList<ConvolutionChoice> Choices => _choices;

    public void Convolution(in ConvolutionCall call)
    {
        var key = new ConvolutionKey(call.Shape, call.Relu, call.WorkspaceBytes);
        if (_convolutions.TryGetValue(key, out CudnnConvolution<ConvolutionCall>? convolution))
        {
            convolution.Run(call);
        }
        else
        {
            RequireNotCapturing();
            First(_convolutions, key, new CudnnForward(_setting, key), call);
        }

        _context.CountLaunch();
    }

    public void ConvolutionWeightBackward(in ConvolutionWeightBackwardCall call)
    {
        var key = new ConvolutionKey(call.Shape, Relu: false, call.WorkspaceBytes);
        if (_weightGradients.TryGetValue(key, out CudnnConvolution<ConvolutionWeightBackwardCall>? gradient))
        {
            gradient.Run(call);
        }
        else
        {
            RequireNotCapturing();
            First(_weightGradients, key, new CudnnWeightBackward(_setting, key), call);
        }

        _context.CountLaunch();
    }

    public void ConvolutionDataBackward(in ConvolutionDataBackwardCall call)
    {
        var key = new ConvolutionKey(call.Shape, Relu: false, call.WorkspaceBytes);
        if (_dataGradients.TryGetValue(key, out CudnnConvolution<ConvolutionDataBackwardCall>? gradient))
        {
            gradient.Run(call);
        }
        else
        {
            RequireNotCapturing();
            First(_dataGradients, key, new CudnnDataBackward(_setting, key), call);
        }

        _context.CountLaunch();
    }

    public void MaxPool(in MaxPoolCall call)
    {
        var key = new MaxPoolKey(call.N, call.C, call.H, call.W, call.Window, call.Stride);
        if (!_pools.TryGetValue(key, out CudnnMaxPool? pool))
        {
            pool = new CudnnMaxPool(_cudnn, _status, _handle, key);
            _pools.Add(key, pool);
        }

        pool.Forward(call);
        _context.CountLaunch();
    }

    /// <summary>Statuses are not looked at: an error that came before is the one to be seen.</summary>
    public void Dispose()
    {
        foreach (CudnnMaxPool pool in _pools.Values)
        {
            pool.Dispose();
        }

        foreach (IDisposable convolution in _dataGradients.Values.Concat<IDisposable>(_weightGradients.Values).Concat(_convolutions.Values))
        {
            convolution.Dispose();
        }

        _cudnn.cudnnDestroy(_handle);
    }

    private void RequireNotCapturing() => _context.RequireNotCapturing("the first call of a convolution");

    /// <summary>The first call chooses the algorithm; what cannot be called is not kept.</summary>
    private void First<TCall>(
        Dictionary<ConvolutionKey, CudnnConvolution<TCall>> known, ConvolutionKey key, CudnnConvolution<TCall> convolution, in TCall call)
        where TCall : struct
    {
        try
        {
            _choices.Add(convolution.First(call));
            known.Add(key, convolution);
        }
        catch
        {
            convolution.Dispose();
            throw;
        }
    }
}
