using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>Which of the algorithms that cuDNN proposes is taken.</summary>
internal static class ConvolutionAlgorithm
{
    /// <summary>
    /// The first, and so by cuDNN's heuristic the fastest, that succeeded, needs no more workspace than there is and may be fused: without
    /// ReLU cudnnConvolutionBiasActivationForward allows IMPLICIT_PRECOMP_GEMM only (cuDNN documentation). Proposals for the
    /// wanted math type come first. Others follow, because what is computed with is the descriptor's math type, which stays as wanted,
    /// and older heuristics answer CUDNN_DEFAULT_MATH whatever was asked.
    /// </summary>
    /// <param name="proposals">fastest first, <c>memory</c> being what each needs under the descriptor</param>
    /// <param name="workspaceBytes">there is</param>
    /// <param name="math">the descriptor's</param>
    /// <param name="relu">false: identity</param>
    /// <returns>its position, -1 where none may be taken</returns>
    public static int Choose(ReadOnlySpan<cudnnConvolutionFwdAlgoPerf_t> proposals, long workspaceBytes, cudnnMathType_t math, bool relu)
    {
        int other = -1;
        for (int k = 0; k < proposals.Length; k++)
        {
            ref readonly cudnnConvolutionFwdAlgoPerf_t proposal = ref proposals[k];
            if (!MayRun(proposal, relu) || proposal.memory > (nuint)workspaceBytes)
            {
                continue;
            }

            if (proposal.mathType == math)
            {
                return k;
            }

            other = other < 0 ? k : other;
        }

        return other;
    }

    /// <summary>The least workspace that any proposal would do with; null where none may run at all.</summary>
    public static long? LeastWorkspaceBytes(ReadOnlySpan<cudnnConvolutionFwdAlgoPerf_t> proposals, bool relu)
    {
        long? least = null;
        foreach (ref readonly cudnnConvolutionFwdAlgoPerf_t proposal in proposals)
        {
            if (MayRun(proposal, relu))
            {
                least = Math.Min(least ?? long.MaxValue, (long)proposal.memory);
            }
        }

        return least;
    }

    private static bool MayRun(in cudnnConvolutionFwdAlgoPerf_t proposal, bool relu) =>
        proposal.status == cudnnStatus_t.CUDNN_STATUS_SUCCESS
        && (relu || proposal.algo == cudnnConvolutionFwdAlgo_t.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM);
}
