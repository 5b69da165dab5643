using Harness.Kernels.Devices;
using Harness.Kernels.Native;

namespace Harness.Tests.Shared.NativeDouble;

internal sealed class CudnnState
{
    public CUstream Stream { get; set; }

    /// <summary>What cudnnGetConvolutionForwardAlgorithm_v7 has offered to this handle.</summary>
    public HashSet<(ConvolutionShape Shape, Offer Offer)> Offered { get; } = [];

    /// <summary>Likewise cudnnGetConvolutionBackwardFilterAlgorithm_v7.</summary>
    public HashSet<(ConvolutionShape Shape, Offer Offer)> OfferedForWeights { get; } = [];

    /// <summary>Likewise cudnnGetConvolutionBackwardDataAlgorithm_v7.</summary>
    public HashSet<(ConvolutionShape Shape, Offer Offer)> OfferedForData { get; } = [];
}

/// <summary>One entry of the heuristic's list.</summary>
/// <param name="Algorithm">cudnnConvolutionFwdAlgo_t, cudnnConvolutionBwdFilterAlgo_t or cudnnConvolutionBwdDataAlgo_t</param>
/// <param name="MathType">cudnnMathType_t</param>
/// <param name="IsDeterministic">false: adds by atomics</param>
internal readonly record struct Offer(
    int Algorithm, int MathType, long WorkspaceBytes, cudnnStatus_t Status = cudnnStatus_t.CUDNN_STATUS_SUCCESS, bool IsDeterministic = true);

/// <summary>N, C, H, W of a tensor or K, C, R, S of a filter; null until it is set.</summary>
internal sealed class TensorState
{
    public (int N, int C, int H, int W)? Extents { get; set; }

    public long Bytes => Extents is { } e ? 4L * e.N * e.C * e.H * e.W : 0;
}

internal sealed class FilterState
{
    public (int K, int C, int R, int S)? Extents { get; set; }
}

internal sealed class ConvolutionState
{
    public (int Padding, int Stride)? Geometry { get; set; }

    public int MathType { get; set; }
}

internal sealed class ActivationState
{
    public int? Mode { get; set; }

    public int NanOption { get; set; }
}

internal sealed class PoolingState
{
    public (int Window, int Stride, bool PropagatesNan)? Geometry { get; set; }
}
