using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>dw = the gradient of the weights, or that added to dw.</summary>
/// <inheritdoc cref="CudnnConvolution{TCall}(CudnnSetting, ConvolutionKey, ConvolutionPass, int?)"/>
internal sealed unsafe class CudnnWeightBackward(CudnnSetting setting, ConvolutionKey key)
    : CudnnConvolution<ConvolutionWeightBackwardCall>(setting, key, ConvolutionPass.WeightBackward, onlyAlgorithm: null)
{
    protected override string Function => nameof(ICudnn.cudnnConvolutionBackwardFilter);

    protected override int Propose(Span<ConvolutionProposal> proposals)
    {
        cudnnConvolutionBwdFilterAlgoPerf_t* list = stackalloc cudnnConvolutionBwdFilterAlgoPerf_t[MostProposals];
        int count;
        Status.ThrowIfFailed(
            Cudnn.cudnnGetConvolutionBackwardFilterAlgorithm_v7(Handle, X, Y, Convolution, Weight, MostProposals, &count, list), What);
        for (int k = 0; k < count; k++)
        {
            ref cudnnConvolutionBwdFilterAlgoPerf_t perf = ref list[k];
            proposals[k] = new ConvolutionProposal(
                (int)perf.algo, perf.status, (long)perf.memory, perf.mathType, perf.determinism == cudnnDeterminism_t.CUDNN_DETERMINISTIC);
        }

        return count;
    }

    protected override cudnnStatus_t WorkspaceSize(int algorithm, nuint* bytes) =>
        Cudnn.cudnnGetConvolutionBackwardFilterWorkspaceSize(
            Handle, X, Y, Convolution, Weight, (cudnnConvolutionBwdFilterAlgo_t)algorithm, bytes);

    protected override cudnnStatus_t Enqueue(int algorithm, in ConvolutionWeightBackwardCall call)
    {
        float one = 1, beta = call.Beta;
        return Cudnn.cudnnConvolutionBackwardFilter(
            Handle, &one, X, (void*)call.X.Address, Y, (void*)call.OutputGradient.Address, Convolution,
            (cudnnConvolutionBwdFilterAlgo_t)algorithm, (void*)call.Workspace.Address, (nuint)call.WorkspaceBytes, &beta, Weight,
            (void*)call.WeightGradient.Address);
    }

    protected override string NameOf(int algorithm) =>
        WithoutPrefix(((cudnnConvolutionBwdFilterAlgo_t)algorithm).ToString(), "CUDNN_CONVOLUTION_BWD_FILTER_");
}
