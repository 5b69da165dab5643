using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>What makes two convolutions the same to cuDNN.</summary>
internal readonly record struct ConvolutionKey(ConvolutionShape Shape, bool Relu, long WorkspaceBytes);

/// <summary>One distinct convolution: its descriptors and its algorithm, made once and used by every call.</summary>
internal sealed unsafe class CudnnConvolution : IDisposable
{
    /// <summary>CUDNN_CONVOLUTION_FWD_ALGO_COUNT: as many proposals as there are algorithms.</summary>
    private const int Algorithms = 8;

    private const string AlgorithmPrefix = "CUDNN_CONVOLUTION_FWD_ALGO_";

    private readonly ICudnn _cudnn;
    private readonly CudnnStatus _status;
    private readonly cudnnHandle_t _handle;
    private readonly CudnnDescriptors _descriptors;
    private readonly string _what;
    private readonly cudnnTensorDescriptor_t _x;
    private readonly cudnnTensorDescriptor_t _y;
    private readonly cudnnTensorDescriptor_t _bias;
    private readonly cudnnFilterDescriptor_t _weight;
    private readonly cudnnConvolutionDescriptor_t _convolution;
    private readonly cudnnActivationDescriptor_t _activation;
    private readonly cudnnConvolutionFwdAlgo_t _algorithm;

    /// <exception cref="CallerException">an extent beyond 32 bits</exception>
    /// <exception cref="MachineException">no algorithm fits the workspace, or cuDNN does not take the shape</exception>
    public CudnnConvolution(ICudnn cudnn, CudnnStatus status, cudnnHandle_t handle, ConvolutionKey key, MathMode math)
    {
        _cudnn = cudnn;
        _status = status;
        _handle = handle;
        ConvolutionShape shape = key.Shape;
        _what = $"convolution [{shape.N},{shape.C},{shape.H},{shape.W}] * [{shape.K},{shape.C},{shape.R},{shape.S}]";
        int n = Extent(shape.N, "n"), c = Extent(shape.C, "c"), k = Extent(shape.K, "k");
        _descriptors = new CudnnDescriptors(cudnn, status, _what);
        try
        {
            cudnnMathType_t mathType = math == MathMode.Tf32 ? cudnnMathType_t.CUDNN_DEFAULT_MATH : cudnnMathType_t.CUDNN_FMA_MATH;
            _x = _descriptors.Tensor(n, c, Extent(shape.H, "h"), Extent(shape.W, "w"));
            _weight = _descriptors.Filter(k, c, Extent(shape.R, "r"), Extent(shape.S, "s"));
            _y = _descriptors.Tensor(n, k, Extent(shape.P, "p"), Extent(shape.Q, "q"));
            _bias = _descriptors.Tensor(1, k, 1, 1);
            _convolution = _descriptors.Convolution(shape.Padding, shape.Stride, mathType);
            _activation = _descriptors.Activation(key.Relu);
            (_algorithm, long neededBytes) = Choose(key, mathType);
            Choice = new ConvolutionChoice(shape, key.Relu, Name(_algorithm), neededBytes, key.WorkspaceBytes);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public ConvolutionChoice Choice { get; }

    /// <summary>y = activation(x * w + bias). The addend z has the factor 0 and is not read; it must be given and look like y, so it is y.</summary>
    public void Forward(in ConvolutionCall call)
    {
        float one = 1, zero = 0;
        _status.ThrowIfFailed(_cudnn.cudnnConvolutionBiasActivationForward(
            _handle, &one, _x, (void*)call.X.Address, _weight, (void*)call.Weight.Address, _convolution, _algorithm,
            (void*)call.Workspace.Address, (nuint)call.WorkspaceBytes, &zero, _y, (void*)call.Y.Address, _bias, (void*)call.Bias.Address,
            _activation, _y, (void*)call.Y.Address), _what);
    }

    public void Dispose() => _descriptors.Dispose();

    private (cudnnConvolutionFwdAlgo_t Algorithm, long NeededBytes) Choose(ConvolutionKey key, cudnnMathType_t math)
    {
        cudnnConvolutionFwdAlgoPerf_t* proposals = stackalloc cudnnConvolutionFwdAlgoPerf_t[Algorithms];
        int count;
        _status.ThrowIfFailed(_cudnn.cudnnGetConvolutionForwardAlgorithm_v7(_handle, _x, _weight, _convolution, _y, Algorithms, &count, proposals), _what);
        for (int k = 0; k < count; k++)
        {
            // A proposal's own figure is that of its math type; asked again, the library answers for the descriptor that will run.
            if (proposals[k].status == cudnnStatus_t.CUDNN_STATUS_SUCCESS)
            {
                nuint bytes;
                proposals[k].status = _cudnn.cudnnGetConvolutionForwardWorkspaceSize(_handle, _x, _weight, _convolution, _y, proposals[k].algo, &bytes);
                proposals[k].memory = bytes;
            }
        }

        var all = new ReadOnlySpan<cudnnConvolutionFwdAlgoPerf_t>(proposals, count);
        int chosen = ConvolutionAlgorithm.Choose(all, key.WorkspaceBytes, math, key.Relu);
        return chosen >= 0
            ? (proposals[chosen].algo, (long)proposals[chosen].memory)
            : throw new MachineException(ConvolutionAlgorithm.LeastWorkspaceBytes(all, key.Relu) is { } least
                ? $"{_what}: no algorithm of cuDNN does with {key.WorkspaceBytes} bytes of workspace, the least is {least}: "
                    + $"give --workspace {(least + (1 << 20) - 1) >> 20} (MiB) or more"
                : $"{_what}: cuDNN has no algorithm for it");
    }

    private int Extent(long value, string name) => LibraryExtent.Of(value, $"{_what}: {name}");

    private static string Name(cudnnConvolutionFwdAlgo_t algorithm)
    {
        string name = algorithm.ToString();
        return name.StartsWith(AlgorithmPrefix, StringComparison.Ordinal) ? name[AlgorithmPrefix.Length..] : name;
    }
}
