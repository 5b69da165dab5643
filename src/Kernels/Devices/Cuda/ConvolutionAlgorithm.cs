using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>Which of the algorithms that cuDNN proposes may be taken. Its list is sorted: by its heuristic the fastest is first.</summary>
internal static class ConvolutionAlgorithm
{
    /// <summary>Tensor cores compute with TF32 from here on; before, CUDNN_DEFAULT_MATH is plain fp32.</summary>
    private const int FirstMajorWithTf32 = 8;

    /// <summary>Whether a proposal computes what was asked. Operands are never rounded to fp16.</summary>
    public static bool MayRun(in ConvolutionProposal proposal, in ConvolutionDemand demand) =>
        proposal.Status == cudnnStatus_t.CUDNN_STATUS_SUCCESS
        && proposal.Algorithm == (demand.OnlyAlgorithm ?? proposal.Algorithm)
        && (proposal.IsDeterministic || !demand.Deterministic)
        && proposal.MathType switch
        {
            cudnnMathType_t.CUDNN_FMA_MATH => true,
            cudnnMathType_t.CUDNN_DEFAULT_MATH => demand.Math == MathMode.Tf32 || demand.ComputeMajor < FirstMajorWithTf32,
            cudnnMathType_t.CUDNN_TENSOR_OP_MATH => demand.Math == MathMode.Tf32,
            _ => false,
        };

    /// <summary>The next proposal, from a position on, that may run and needs no more workspace than there is; null where none is left.</summary>
    public static int? Next(ReadOnlySpan<ConvolutionProposal> proposals, int from, long workspaceBytes, in ConvolutionDemand demand)
    {
        for (int k = from; k < proposals.Length; k++)
        {
            if (MayRun(proposals[k], demand) && proposals[k].WorkspaceBytes <= workspaceBytes)
            {
                return k;
            }
        }

        return null;
    }

    /// <summary>The least workspace that one of the proposals would do with; null where none may run at all.</summary>
    public static long? LeastWorkspaceBytes(ReadOnlySpan<ConvolutionProposal> proposals, in ConvolutionDemand demand)
    {
        long? least = null;
        foreach (ref readonly ConvolutionProposal proposal in proposals)
        {
            if (MayRun(proposal, demand))
            {
                least = Math.Min(least ?? long.MaxValue, proposal.WorkspaceBytes);
            }
        }

        return least;
    }

    /// <summary>
    /// The call that computes does not know every algorithm of the list. The number is 9 in cuDNN 8 and a family of 3000 in cuDNN 9 (cudnn_graph.h,
    /// "cudnnStatus_t").
    /// </summary>
    public static bool IsNotSupported(cudnnStatus_t status) => (int)status is 9 or (>= 3000 and < 4000);
}
