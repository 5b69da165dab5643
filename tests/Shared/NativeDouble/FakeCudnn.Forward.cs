using Harness.Kernels.Devices;
using Harness.Kernels.Native;

namespace Harness.Tests.Shared.NativeDouble;

/// <content>The heuristic, convolution, pooling.</content>
internal sealed unsafe partial class FakeCudnn
{
    private const int PrecomputedGemm = 1;
    private const int Relu = 1;
    private const int Identity = 5;

    /// <summary>The heuristic: for a shape and the descriptor's math type, the list it returns, fastest first.</summary>
    public Func<ConvolutionShape, int, Offer[]> Heuristic { get; set; } = DefaultHeuristic;

    /// <summary>Algorithms that the fused call refuses, though the heuristic offers them.</summary>
    public HashSet<int> FusedRefuses { get; } = [];

    public cudnnStatus_t cudnnGetConvolutionForwardAlgorithm_v7(
        cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w, cudnnConvolutionDescriptor_t convolution,
        cudnnTensorDescriptor_t y, int requestedAlgoCount, int* returnedAlgoCount, cudnnConvolutionFwdAlgoPerf_t* perfResults)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnGetConvolutionForwardAlgorithm_v7({handle}, {x}, {w}, {convolution}, {y}, {requestedAlgoCount})");
        *returnedAlgoCount = 0;
        if (Geometry(entry, handle, x, w, convolution, y, out ConvolutionShape shape, out CudnnState? state) is not Success and var status)
        {
            return status;
        }

        int mathType = gpu.Handles.Find<ConvolutionState>(convolution.Handle)!.MathType;
        foreach (Offer offer in Heuristic(shape, mathType).Take(requestedAlgoCount))
        {
            perfResults[(*returnedAlgoCount)++] = new cudnnConvolutionFwdAlgoPerf_t
            {
                algo = (cudnnConvolutionFwdAlgo_t)offer.Algorithm,
                status = offer.Status,
                time = -1,
                memory = (nuint)offer.WorkspaceBytes,
                determinism = (cudnnDeterminism_t)1,
                mathType = (cudnnMathType_t)offer.MathType,
            };
            state!.Offered.Add((shape, offer));
        }

        return Success;
    }

    public cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(
        cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w, cudnnConvolutionDescriptor_t convolution,
        cudnnTensorDescriptor_t y, cudnnConvolutionFwdAlgo_t algo, nuint* bytes)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnGetConvolutionForwardWorkspaceSize({handle}, {x}, {w}, {convolution}, {y}, {(int)algo})");
        *bytes = 0;
        if (Geometry(entry, handle, x, w, convolution, y, out ConvolutionShape shape, out CudnnState? state) is not Success and var status)
        {
            return status;
        }

        if (OfferOf(state!.Offered, shape, (int)algo, convolution) is not { } offer)
        {
            return Status.CudnnNotSupported;
        }

        *bytes = (nuint)offer.WorkspaceBytes;
        return Success;
    }

    public cudnnStatus_t cudnnConvolutionBiasActivationForward(
        cudnnHandle_t handle, void* alpha1, cudnnTensorDescriptor_t xDescriptor, void* x, cudnnFilterDescriptor_t wDescriptor, void* w,
        cudnnConvolutionDescriptor_t convolution, cudnnConvolutionFwdAlgo_t algo, void* workspace, nuint workspaceBytes,
        void* alpha2, cudnnTensorDescriptor_t zDescriptor, void* z, cudnnTensorDescriptor_t biasDescriptor, void* bias,
        cudnnActivationDescriptor_t activation, cudnnTensorDescriptor_t yDescriptor, void* y)
    {
        using CallLog.Entry entry = gpu.Enter(
            $"cudnnConvolutionBiasActivationForward({handle}, {gpu.Scalar("alpha1", alpha1)}, {xDescriptor}, {x}, {wDescriptor}, {w}, {convolution}, {(int)algo}, {workspace}, {workspaceBytes}, {gpu.Scalar("alpha2", alpha2)}, {zDescriptor}, {z}, {biasDescriptor}, {bias}, {activation}, {yDescriptor}, {y})");
        if (Geometry(entry, handle, xDescriptor, wDescriptor, convolution, yDescriptor, out ConvolutionShape shape, out CudnnState? state) is not Success and var status)
        {
            return status;
        }

        TensorState? zState = gpu.Handles.Find<TensorState>(zDescriptor.Handle), biasState = gpu.Handles.Find<TensorState>(biasDescriptor.Handle);
        ActivationState? activationState = gpu.Handles.Find<ActivationState>(activation.Handle);
        if (z == null || zState?.Extents != gpu.Handles.Find<TensorState>(yDescriptor.Handle)!.Extents
            || biasState?.Extents != (1, (int)shape.K, 1, 1) || activationState?.Mode is null || x == y)
        {
            return Status.CudnnBadParam;
        }

        if (activationState.Mode is not (Relu or Identity) || activationState.NanOption != 0
            || (activationState.Mode == Identity && (int)algo != PrecomputedGemm) || FusedRefuses.Contains((int)algo))
        {
            return Status.CudnnNotSupported;
        }

        if (OfferOf(state!.Offered, shape, (int)algo, convolution) is not { } offer)
        {
            throw gpu.Misuse($"algorithm {(int)algo} was not offered for {shape}");
        }

        if ((long)workspaceBytes < offer.WorkspaceBytes || (workspace == null && offer.WorkspaceBytes > 0))
        {
            return Status.CudnnBadParam;
        }

        gpu.Enqueue(state!.Stream, new ConvolutionWork(gpu, new ConvolutionOperands(
            shape, gpu.Scalar("alpha1", alpha1), gpu.Scalar("alpha2", alpha2), (ulong)x, (ulong)w, (ulong)z, (ulong)bias, (ulong)y,
            (ulong)workspace, offer.WorkspaceBytes, activationState.Mode == Relu, offer.MathType != 3)));
        return Success;
    }

    public cudnnStatus_t cudnnPoolingForward(
        cudnnHandle_t handle, cudnnPoolingDescriptor_t pooling, void* alpha, cudnnTensorDescriptor_t xDescriptor, void* x, void* beta,
        cudnnTensorDescriptor_t yDescriptor, void* y)
    {
        using CallLog.Entry entry = gpu.Enter(
            $"cudnnPoolingForward({handle}, {pooling}, {gpu.Scalar("alpha", alpha)}, {xDescriptor}, {x}, {gpu.Scalar("beta", beta)}, {yDescriptor}, {y})");
        if (Ready(entry) is not Success and var status)
        {
            return status;
        }

        if (gpu.Handles.Find<CudnnState>(handle.Handle) is not { } state || gpu.Handles.Find<PoolingState>(pooling.Handle)?.Geometry is not { } geometry
            || gpu.Handles.Find<TensorState>(xDescriptor.Handle)?.Extents is not { } from || gpu.Handles.Find<TensorState>(yDescriptor.Handle)?.Extents is not { } to
            || to != (from.N, from.C, ((from.H - geometry.Window) / geometry.Stride) + 1, ((from.W - geometry.Window) / geometry.Stride) + 1)
            || from.H < geometry.Window || from.W < geometry.Window)
        {
            return Status.CudnnBadParam;
        }

        if (gpu.Scalar("alpha", alpha) != 1 || gpu.Scalar("beta", beta) != 0)
        {
            throw gpu.Misuse("pooling is called with alpha 1 and beta 0 here");
        }

        gpu.Enqueue(Stream(state, "cudnnPoolingForward"), new PoolingWork(gpu, (ulong)x, from, (ulong)y, to, geometry.Window, geometry.Stride, geometry.PropagatesNan));
        return Success;
    }

    /// <summary>The descriptors of a convolution agree, and are those of this shape.</summary>
    private cudnnStatus_t Geometry(
        in CallLog.Entry entry, cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w, cudnnConvolutionDescriptor_t convolution,
        cudnnTensorDescriptor_t y, out ConvolutionShape shape, out CudnnState? state)
    {
        shape = default;
        state = gpu.Handles.Find<CudnnState>(handle.Handle);
        if (Ready(entry) is not Success and var status)
        {
            return status;
        }

        if (state is null || gpu.Handles.Find<TensorState>(x.Handle)?.Extents is not { } from || gpu.Handles.Find<FilterState>(w.Handle)?.Extents is not { } filter
            || gpu.Handles.Find<ConvolutionState>(convolution.Handle)?.Geometry is not { } geometry || gpu.Handles.Find<TensorState>(y.Handle)?.Extents is not { } to
            || from.C != filter.C)
        {
            return Status.CudnnBadParam;
        }

        Stream(state, "a convolution");
        shape = new ConvolutionShape(from.N, from.C, from.H, from.W, filter.K, filter.R, filter.S, geometry.Padding, geometry.Stride);
        int p = ((from.H + (2 * geometry.Padding) - filter.R) / geometry.Stride) + 1, q = ((from.W + (2 * geometry.Padding) - filter.S) / geometry.Stride) + 1;
        return to == (from.N, filter.K, p, q) ? Success : Status.CudnnBadParam;
    }

    private CUstream Stream(CudnnState state, string what) =>
        state.Stream.Handle != 0 ? state.Stream : throw gpu.Misuse($"{what} without cudnnSetStream");

    /// <summary>What was offered of the algorithm: with the descriptor's math type where there is such an offer, else with any.</summary>
    private Offer? OfferOf(
        HashSet<(ConvolutionShape Shape, Offer Offer)> offers, ConvolutionShape shape, int algorithm, cudnnConvolutionDescriptor_t convolution)
    {
        int mathType = gpu.Handles.Find<ConvolutionState>(convolution.Handle)!.MathType;
        Offer[] found =
        [
            .. offers.Where(offered => offered.Shape == shape && offered.Offer.Status == Success && offered.Offer.Algorithm == algorithm)
                .Select(offered => offered.Offer with { MathType = mathType }).OrderByDescending(offer => offers.Contains((shape, offer))),
        ];
        return found.Length == 0 ? null : found[0];
    }

    /// <summary>Fast and hungry first, the one that needs nothing last; an algorithm that does not apply in between, as the library has it.</summary>
    private static Offer[] DefaultHeuristic(ConvolutionShape shape, int mathType)
    {
        int[] mathTypes = mathType == 3 ? [3] : [1, 0, 3];
        return
        [
            .. mathTypes.Select(math => new Offer(7, math, 4 * 36 * shape.C * shape.K)),
            new Offer(4, mathTypes[0], 0, Status.CudnnNotSupported),
            .. mathTypes.Select(math => new Offer(PrecomputedGemm, math, 4 * shape.C * shape.R * shape.S)),
            .. mathTypes.Select(math => new Offer(0, math, 0)),
        ];
    }
}
