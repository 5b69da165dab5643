using System.Collections.Immutable;
using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>What makes two convolutions the same to cuDNN.</summary>
internal readonly record struct ConvolutionKey(ConvolutionShape Shape, bool Relu, long WorkspaceBytes);

/// <summary>One distinct convolution: its descriptors and its algorithm, made and tried once and used by every later call.</summary>
internal sealed unsafe class CudnnConvolution : IDisposable
{
    /// <summary>There are 8 algorithms (CUDNN_CONVOLUTION_FWD_ALGO_COUNT), some with two math types.</summary>
    private const int MostProposals = 16;

    private const string AlgorithmPrefix = "CUDNN_CONVOLUTION_FWD_ALGO_";

    private readonly ICudnn _cudnn;
    private readonly CudnnStatus _status;
    private readonly cudnnHandle_t _handle;
    private readonly CudnnDescriptors _descriptors;
    private readonly ConvolutionKey _key;
    private readonly MathMode _math;
    private readonly int _computeMajor;
    private readonly string _what;
    private readonly cudnnTensorDescriptor_t _x;
    private readonly cudnnTensorDescriptor_t _y;
    private readonly cudnnTensorDescriptor_t _bias;
    private readonly cudnnFilterDescriptor_t _weight;
    private readonly cudnnConvolutionDescriptor_t _convolution;
    private readonly cudnnActivationDescriptor_t _activation;
    private cudnnConvolutionFwdAlgo_t _algorithm;

    /// <exception cref="CallerException">an extent beyond 32 bits</exception>
    /// <exception cref="MachineException">cuDNN does not take the shape</exception>
    public CudnnConvolution(ICudnn cudnn, CudnnStatus status, cudnnHandle_t handle, ConvolutionKey key, MathMode math, int computeMajor)
    {
        _cudnn = cudnn;
        _status = status;
        _handle = handle;
        _key = key;
        _math = math;
        _computeMajor = computeMajor;
        ConvolutionShape shape = key.Shape;
        _what = $"convolution [{shape.N},{shape.C},{shape.H},{shape.W}] * [{shape.K},{shape.C},{shape.R},{shape.S}]";
        int n = Extent(shape.N, "n"), c = Extent(shape.C, "c"), k = Extent(shape.K, "k");
        _descriptors = new CudnnDescriptors(cudnn, status, _what);
        try
        {
            _x = _descriptors.Tensor(n, c, Extent(shape.H, "h"), Extent(shape.W, "w"));
            _weight = _descriptors.Filter(k, c, Extent(shape.R, "r"), Extent(shape.S, "s"));
            _y = _descriptors.Tensor(n, k, Extent(shape.P, "p"), Extent(shape.Q, "q"));
            _bias = _descriptors.Tensor(1, k, 1, 1);
            _convolution = _descriptors.Convolution(
                shape.Padding, shape.Stride, math == MathMode.Tf32 ? cudnnMathType_t.CUDNN_DEFAULT_MATH : cudnnMathType_t.CUDNN_FMA_MATH);
            _activation = _descriptors.Activation(key.Relu);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// The first call: proposals are tried in cuDNN's order until the fused call takes one. What it takes and the bytes it needs are
    /// kept; <see cref="Forward"/> then uses them.
    /// </summary>
    /// <exception cref="MachineException">no algorithm fits the workspace and is taken</exception>
    public ConvolutionChoice First(in ConvolutionCall call)
    {
        cudnnConvolutionFwdAlgoPerf_t* memory = stackalloc cudnnConvolutionFwdAlgoPerf_t[MostProposals];
        int count;
        _status.ThrowIfFailed(
            _cudnn.cudnnGetConvolutionForwardAlgorithm_v7(_handle, _x, _weight, _convolution, _y, MostProposals, &count, memory), _what);
        var proposals = new Span<cudnnConvolutionFwdAlgoPerf_t>(memory, count);
        foreach (ref cudnnConvolutionFwdAlgoPerf_t proposal in proposals)
        {
            AskForWorkspace(ref proposal);
        }

        for (int from = 0; Next(proposals, from) is { } k; from = k + 1)
        {
            Take(proposals[k]);
            cudnnStatus_t status = Enqueue(call);
            if (!ConvolutionAlgorithm.IsNotSupported(status))
            {
                _status.ThrowIfFailed(status, _what, nameof(ICudnn.cudnnConvolutionBiasActivationForward));
                return new ConvolutionChoice(_key.Shape, _key.Relu, Name(_algorithm), (long)proposals[k].memory, _key.WorkspaceBytes);
            }
        }

        long? least = ConvolutionAlgorithm.LeastWorkspaceBytes(proposals, _math, _computeMajor, _key.Relu);
        throw new MachineException(least > _key.WorkspaceBytes
            ? $"{_what}: no algorithm of cuDNN does with {_key.WorkspaceBytes} bytes of workspace, the least is {least}: "
                + $"give --workspace {(least.Value + (1 << 20) - 1) >> 20} (MiB) or more"
            : $"{_what}: cuDNN has no algorithm for it in {_math} with {_key.WorkspaceBytes} bytes of workspace: "
                + "give a larger --workspace, or use --device sim");
    }

    /// <summary>y = activation(x * w + bias).</summary>
    public void Forward(in ConvolutionCall call) =>
        _status.ThrowIfFailed(Enqueue(call), _what, nameof(ICudnn.cudnnConvolutionBiasActivationForward));

    public void Dispose() => _descriptors.Dispose();

    /// <summary>The addend z has the factor 0 and is not read; it must be given and look like y, so it is y.</summary>
    private cudnnStatus_t Enqueue(in ConvolutionCall call)
    {
        float one = 1, zero = 0;
        return _cudnn.cudnnConvolutionBiasActivationForward(
            _handle, &one, _x, (void*)call.X.Address, _weight, (void*)call.Weight.Address, _convolution, _algorithm,
            (void*)call.Workspace.Address, (nuint)call.WorkspaceBytes, &zero, _y, (void*)call.Y.Address, _bias, (void*)call.Bias.Address,
            _activation, _y, (void*)call.Y.Address);
    }

    /// <summary>Algorithm and math type are one pair: the descriptor gets what the proposal was made for.</summary>
    private void Take(in cudnnConvolutionFwdAlgoPerf_t proposal)
    {
        _status.ThrowIfFailed(_cudnn.cudnnSetConvolutionMathType(_convolution, proposal.mathType), _what);
        _algorithm = proposal.algo;
    }

    /// <summary>The list's own figure is the heuristic's; this is what the call will hold the workspace against.</summary>
    private void AskForWorkspace(ref cudnnConvolutionFwdAlgoPerf_t proposal)
    {
        if (ConvolutionAlgorithm.MayRun(proposal, _math, _computeMajor, _key.Relu))
        {
            nuint bytes = 0;
            Take(proposal);
            proposal.status = _cudnn.cudnnGetConvolutionForwardWorkspaceSize(_handle, _x, _weight, _convolution, _y, _algorithm, &bytes);
            proposal.memory = bytes;
        }
    }

    private int? Next(ReadOnlySpan<cudnnConvolutionFwdAlgoPerf_t> proposals, int from) =>
        ConvolutionAlgorithm.Next(proposals, from, _key.WorkspaceBytes, _math, _computeMajor, _key.Relu);

    private int Extent(long value, string name) => LibraryExtent.Of(value, $"{_what}: {name}");

    private static string Name(cudnnConvolutionFwdAlgo_t algorithm)
    {
        string name = algorithm.ToString();
        return name.StartsWith(AlgorithmPrefix, StringComparison.Ordinal) ? name[AlgorithmPrefix.Length..] : name;
    }
}
