using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>Which of the algorithms that cuDNN proposes may be taken. Its list is sorted: by its heuristic the fastest is first.</summary>
internal static class ConvolutionAlgorithm
{
    /// <summary>Tensor cores compute with TF32 from here on; before, CUDNN_DEFAULT_MATH is plain fp32.</summary>
    private const int FirstMajorWithTf32 = 8;

    /// <summary>
    /// Whether a proposal computes what was asked, in a call that is fused: without ReLU cudnnConvolutionBiasActivationForward
    /// allows IMPLICIT_PRECOMP_GEMM only (cuDNN documentation). Operands are never rounded to fp16.
    /// </summary>
    /// <param name="proposal">as cudnnGetConvolutionForwardAlgorithm_v7 gives it</param>
    /// <param name="math">what may be computed with</param>
    /// <param name="computeMajor">of the GPU</param>
    /// <param name="relu">false: identity</param>
    public static bool MayRun(in cudnnConvolutionFwdAlgoPerf_t proposal, MathMode math, int computeMajor, bool relu) =>
        proposal.status == cudnnStatus_t.CUDNN_STATUS_SUCCESS
        && (relu || proposal.algo == cudnnConvolutionFwdAlgo_t.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM)
        && proposal.mathType switch
        {
            cudnnMathType_t.CUDNN_FMA_MATH => true,
            cudnnMathType_t.CUDNN_DEFAULT_MATH => math == MathMode.Tf32 || computeMajor < FirstMajorWithTf32,
            cudnnMathType_t.CUDNN_TENSOR_OP_MATH => math == MathMode.Tf32,
            _ => false,
        };

    /// <summary>The next proposal, from a position on, that may run and needs no more workspace than there is; null where none is left.</summary>
    public static int? Next(
        ReadOnlySpan<cudnnConvolutionFwdAlgoPerf_t> proposals, int from, long workspaceBytes, MathMode math, int computeMajor, bool relu)
    {
        for (int k = from; k < proposals.Length; k++)
        {
            if (MayRun(proposals[k], math, computeMajor, relu) && proposals[k].memory <= (nuint)workspaceBytes)
            {
                return k;
            }
        }

        return null;
    }

    /// <summary>The least workspace that one of the proposals would do with; null where none may run at all.</summary>
    public static long? LeastWorkspaceBytes(ReadOnlySpan<cudnnConvolutionFwdAlgoPerf_t> proposals, MathMode math, int computeMajor, bool relu)
    {
        long? least = null;
        foreach (ref readonly cudnnConvolutionFwdAlgoPerf_t proposal in proposals)
        {
            if (MayRun(proposal, math, computeMajor, relu))
            {
                least = Math.Min(least ?? long.MaxValue, (long)proposal.memory);
            }
        }

        return least;
    }

    /// <summary>
    /// The fused call does not know every algorithm of the list. The number is 9 in cuDNN 8 and a family of 3000 in cuDNN 9 (cudnn_graph.h,
    /// "cudnnStatus_t").
    /// </summary>
    public static bool IsNotSupported(cudnnStatus_t status) => (int)status is 9 or (>= 3000 and < 4000);
}
