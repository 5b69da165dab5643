using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>dx = the gradient of the input.</summary>
/// <inheritdoc cref="CudnnConvolution{TCall}(CudnnSetting, ConvolutionKey, ConvolutionPass, int?)"/>
internal sealed unsafe class CudnnDataBackward(CudnnSetting setting, ConvolutionKey key)
    : CudnnConvolution<ConvolutionDataBackwardCall>(setting, key, ConvolutionPass.DataBackward, onlyAlgorithm: null)
{
    protected override string Function => nameof(ICudnn.cudnnConvolutionBackwardData);

    protected override int Propose(Span<ConvolutionProposal> proposals)
    {
        cudnnConvolutionBwdDataAlgoPerf_t* list = stackalloc cudnnConvolutionBwdDataAlgoPerf_t[MostProposals];
        int count;
        Status.ThrowIfFailed(
            Cudnn.cudnnGetConvolutionBackwardDataAlgorithm_v7(Handle, Weight, Y, Convolution, X, MostProposals, &count, list), What);
        for (int k = 0; k < count; k++)
        {
            ref cudnnConvolutionBwdDataAlgoPerf_t perf = ref list[k];
            proposals[k] = new ConvolutionProposal(
                (int)perf.algo, perf.status, (long)perf.memory, perf.mathType, perf.determinism == cudnnDeterminism_t.CUDNN_DETERMINISTIC);
        }

        return count;
    }

    protected override cudnnStatus_t WorkspaceSize(int algorithm, nuint* bytes) =>
        Cudnn.cudnnGetConvolutionBackwardDataWorkspaceSize(Handle, Weight, Y, Convolution, X, (cudnnConvolutionBwdDataAlgo_t)algorithm, bytes);

    protected override cudnnStatus_t Enqueue(int algorithm, in ConvolutionDataBackwardCall call)
    {
        float one = 1, zero = 0;
        return Cudnn.cudnnConvolutionBackwardData(
            Handle, &one, Weight, (void*)call.Weight.Address, Y, (void*)call.OutputGradient.Address, Convolution,
            (cudnnConvolutionBwdDataAlgo_t)algorithm, (void*)call.Workspace.Address, (nuint)call.WorkspaceBytes, &zero, X,
            (void*)call.InputGradient.Address);
    }

    protected override string NameOf(int algorithm) =>
        WithoutPrefix(((cudnnConvolutionBwdDataAlgo_t)algorithm).ToString(), "CUDNN_CONVOLUTION_BWD_DATA_");
}
