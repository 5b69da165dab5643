using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>
/// y = activation(x * w + bias) in one call. Without ReLU cudnnConvolutionBiasActivationForward allows IMPLICIT_PRECOMP_GEMM only
/// (cuDNN documentation).
/// </summary>
internal sealed unsafe class CudnnForward : CudnnConvolution<ConvolutionCall>
{
    private readonly cudnnTensorDescriptor_t _bias;
    private readonly cudnnActivationDescriptor_t _activation;

    /// <inheritdoc cref="CudnnConvolution{TCall}(CudnnSetting, ConvolutionKey, ConvolutionPass, int?)"/>
    public CudnnForward(CudnnSetting setting, ConvolutionKey key)
        : base(setting, key, ConvolutionPass.Forward, key.Relu ? null : (int)cudnnConvolutionFwdAlgo_t.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM)
    {
        try
        {
            _bias = Descriptors.Tensor(1, (int)key.Shape.K, 1, 1);
            _activation = Descriptors.Activation(key.Relu);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    protected override string Function => nameof(ICudnn.cudnnConvolutionBiasActivationForward);

    protected override int Propose(Span<ConvolutionProposal> proposals)
    {
        cudnnConvolutionFwdAlgoPerf_t* list = stackalloc cudnnConvolutionFwdAlgoPerf_t[MostProposals];
        int count;
        Status.ThrowIfFailed(
            Cudnn.cudnnGetConvolutionForwardAlgorithm_v7(Handle, X, Weight, Convolution, Y, MostProposals, &count, list), What);
        for (int k = 0; k < count; k++)
        {
            ref cudnnConvolutionFwdAlgoPerf_t perf = ref list[k];
            proposals[k] = new ConvolutionProposal(
                (int)perf.algo, perf.status, (long)perf.memory, perf.mathType, perf.determinism == cudnnDeterminism_t.CUDNN_DETERMINISTIC);
        }

        return count;
    }

    protected override cudnnStatus_t WorkspaceSize(int algorithm, nuint* bytes) =>
        Cudnn.cudnnGetConvolutionForwardWorkspaceSize(Handle, X, Weight, Convolution, Y, (cudnnConvolutionFwdAlgo_t)algorithm, bytes);

    /// <summary>The addend z has the factor 0 and is not read; it must be given and look like y, so it is y.</summary>
    protected override cudnnStatus_t Enqueue(int algorithm, in ConvolutionCall call)
    {
        float one = 1, zero = 0;
        return Cudnn.cudnnConvolutionBiasActivationForward(
            Handle, &one, X, (void*)call.X.Address, Weight, (void*)call.Weight.Address, Convolution, (cudnnConvolutionFwdAlgo_t)algorithm,
            (void*)call.Workspace.Address, (nuint)call.WorkspaceBytes, &zero, Y, (void*)call.Y.Address, _bias, (void*)call.Bias.Address,
            _activation, Y, (void*)call.Y.Address);
    }

    protected override string NameOf(int algorithm) =>
        WithoutPrefix(((cudnnConvolutionFwdAlgo_t)algorithm).ToString(), "CUDNN_CONVOLUTION_FWD_ALGO_");
}
