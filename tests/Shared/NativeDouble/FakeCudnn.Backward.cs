using Harness.Kernels.Devices;
using Harness.Kernels.Native;

namespace Harness.Tests.Shared.NativeDouble;

/// <content>The gradients of a convolution.</content>
internal sealed unsafe partial class FakeCudnn
{
    /// <summary>As <see cref="Heuristic"/>, for the gradient of the weights.</summary>
    public Func<ConvolutionShape, int, Offer[]> WeightHeuristic { get; set; } = DefaultWeightHeuristic;

    /// <summary>Likewise for the gradient of the input.</summary>
    public Func<ConvolutionShape, int, Offer[]> DataHeuristic { get; set; } = DefaultDataHeuristic;

    public cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithm_v7(
        cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t convolution,
        cudnnFilterDescriptor_t dw, int requestedAlgoCount, int* returnedAlgoCount, cudnnConvolutionBwdFilterAlgoPerf_t* perfResults)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnGetConvolutionBackwardFilterAlgorithm_v7({handle}, {x}, {dy}, {convolution}, {dw}, {requestedAlgoCount})");
        *returnedAlgoCount = 0;
        if (Geometry(entry, handle, x, dw, convolution, dy, out ConvolutionShape shape, out CudnnState? state) is not Success and var status)
        {
            return status;
        }

        foreach (Offer offer in WeightHeuristic(shape, MathTypeOf(convolution)).Take(requestedAlgoCount))
        {
            perfResults[(*returnedAlgoCount)++] = new cudnnConvolutionBwdFilterAlgoPerf_t
            {
                algo = (cudnnConvolutionBwdFilterAlgo_t)offer.Algorithm,
                status = offer.Status,
                time = -1,
                memory = (nuint)offer.WorkspaceBytes,
                determinism = (cudnnDeterminism_t)(offer.IsDeterministic ? 1 : 0),
                mathType = (cudnnMathType_t)offer.MathType,
            };
            state!.OfferedForWeights.Add((shape, offer));
        }

        return Success;
    }

    public cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(
        cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t convolution,
        cudnnFilterDescriptor_t dw, cudnnConvolutionBwdFilterAlgo_t algo, nuint* bytes)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnGetConvolutionBackwardFilterWorkspaceSize({handle}, {x}, {dy}, {convolution}, {dw}, {(int)algo})");
        *bytes = 0;
        return Geometry(entry, handle, x, dw, convolution, dy, out ConvolutionShape shape, out CudnnState? state) is not Success and var status
            ? status : Need(OfferOf(state!.OfferedForWeights, shape, (int)algo, convolution), bytes);
    }

    public cudnnStatus_t cudnnConvolutionBackwardFilter(
        cudnnHandle_t handle, void* alpha, cudnnTensorDescriptor_t xDescriptor, void* x, cudnnTensorDescriptor_t dyDescriptor, void* dy,
        cudnnConvolutionDescriptor_t convolution, cudnnConvolutionBwdFilterAlgo_t algo, void* workspace, nuint workspaceBytes,
        void* beta, cudnnFilterDescriptor_t dwDescriptor, void* dw)
    {
        using CallLog.Entry entry = gpu.Enter(
            $"cudnnConvolutionBackwardFilter({handle}, {gpu.Scalar("alpha", alpha)}, {xDescriptor}, {x}, {dyDescriptor}, {dy}, {convolution}, {(int)algo}, {workspace}, {workspaceBytes}, {gpu.Scalar("beta", beta)}, {dwDescriptor}, {dw})");
        if (Geometry(entry, handle, xDescriptor, dwDescriptor, convolution, dyDescriptor, out ConvolutionShape shape, out CudnnState? state) is not Success and var status)
        {
            return status;
        }

        Offer offer = OfferOf(state!.OfferedForWeights, shape, (int)algo, convolution) ?? throw gpu.Misuse($"algorithm {(int)algo} was not offered for the weights of {shape}");
        if ((long)workspaceBytes < offer.WorkspaceBytes || (workspace == null && offer.WorkspaceBytes > 0))
        {
            return Status.CudnnBadParam;
        }

        gpu.Enqueue(state.Stream, new WeightGradientWork(gpu, new GradientOperands(
            shape, gpu.Scalar("alpha", alpha), (ulong)x, (ulong)dy, gpu.Scalar("beta", beta), (ulong)dw, (ulong)workspace, offer.WorkspaceBytes, offer.MathType != 3)));
        return Success;
    }

    public cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithm_v7(
        cudnnHandle_t handle, cudnnFilterDescriptor_t w, cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t convolution,
        cudnnTensorDescriptor_t dx, int requestedAlgoCount, int* returnedAlgoCount, cudnnConvolutionBwdDataAlgoPerf_t* perfResults)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnGetConvolutionBackwardDataAlgorithm_v7({handle}, {w}, {dy}, {convolution}, {dx}, {requestedAlgoCount})");
        *returnedAlgoCount = 0;
        if (Geometry(entry, handle, dx, w, convolution, dy, out ConvolutionShape shape, out CudnnState? state) is not Success and var status)
        {
            return status;
        }

        foreach (Offer offer in DataHeuristic(shape, MathTypeOf(convolution)).Take(requestedAlgoCount))
        {
            perfResults[(*returnedAlgoCount)++] = new cudnnConvolutionBwdDataAlgoPerf_t
            {
                algo = (cudnnConvolutionBwdDataAlgo_t)offer.Algorithm,
                status = offer.Status,
                time = -1,
                memory = (nuint)offer.WorkspaceBytes,
                determinism = (cudnnDeterminism_t)(offer.IsDeterministic ? 1 : 0),
                mathType = (cudnnMathType_t)offer.MathType,
            };
            state!.OfferedForData.Add((shape, offer));
        }

        return Success;
    }

    public cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(
        cudnnHandle_t handle, cudnnFilterDescriptor_t w, cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t convolution,
        cudnnTensorDescriptor_t dx, cudnnConvolutionBwdDataAlgo_t algo, nuint* bytes)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnGetConvolutionBackwardDataWorkspaceSize({handle}, {w}, {dy}, {convolution}, {dx}, {(int)algo})");
        *bytes = 0;
        return Geometry(entry, handle, dx, w, convolution, dy, out ConvolutionShape shape, out CudnnState? state) is not Success and var status
            ? status : Need(OfferOf(state!.OfferedForData, shape, (int)algo, convolution), bytes);
    }

    public cudnnStatus_t cudnnConvolutionBackwardData(
        cudnnHandle_t handle, void* alpha, cudnnFilterDescriptor_t wDescriptor, void* w, cudnnTensorDescriptor_t dyDescriptor, void* dy,
        cudnnConvolutionDescriptor_t convolution, cudnnConvolutionBwdDataAlgo_t algo, void* workspace, nuint workspaceBytes,
        void* beta, cudnnTensorDescriptor_t dxDescriptor, void* dx)
    {
        using CallLog.Entry entry = gpu.Enter(
            $"cudnnConvolutionBackwardData({handle}, {gpu.Scalar("alpha", alpha)}, {wDescriptor}, {w}, {dyDescriptor}, {dy}, {convolution}, {(int)algo}, {workspace}, {workspaceBytes}, {gpu.Scalar("beta", beta)}, {dxDescriptor}, {dx})");
        if (Geometry(entry, handle, dxDescriptor, wDescriptor, convolution, dyDescriptor, out ConvolutionShape shape, out CudnnState? state) is not Success and var status)
        {
            return status;
        }

        Offer offer = OfferOf(state!.OfferedForData, shape, (int)algo, convolution) ?? throw gpu.Misuse($"algorithm {(int)algo} was not offered for the input of {shape}");
        if ((long)workspaceBytes < offer.WorkspaceBytes || (workspace == null && offer.WorkspaceBytes > 0))
        {
            return Status.CudnnBadParam;
        }

        gpu.Enqueue(state.Stream, new DataGradientWork(gpu, new GradientOperands(
            shape, gpu.Scalar("alpha", alpha), (ulong)w, (ulong)dy, gpu.Scalar("beta", beta), (ulong)dx, (ulong)workspace, offer.WorkspaceBytes, offer.MathType != 3)));
        return Success;
    }

    private int MathTypeOf(cudnnConvolutionDescriptor_t convolution) => gpu.Handles.Find<ConvolutionState>(convolution.Handle)!.MathType;

    private static cudnnStatus_t Need(Offer? offer, nuint* bytes)
    {
        *bytes = (nuint)(offer?.WorkspaceBytes ?? 0);
        return offer is null ? Status.CudnnNotSupported : Success;
    }

    /// <summary>The fastest adds by atomics, in whatever order; behind it what takes most workspace, one that does not apply, and one that takes little.</summary>
    private static Offer[] DefaultWeightHeuristic(ConvolutionShape shape, int mathType)
    {
        int[] mathTypes = mathType == 3 ? [3] : [1, 0, 3];
        return
        [
            new Offer(0, mathTypes[0], 0, IsDeterministic: false),
            .. mathTypes.Select(math => new Offer(5, math, 4 * 36 * shape.C * shape.K)),
            new Offer(2, mathTypes[0], 0, Status.CudnnNotSupported),
            new Offer(3, mathTypes[0], 0, IsDeterministic: false),
            .. mathTypes.Select(math => new Offer(1, math, 4 * shape.K)),
        ];
    }

    private static Offer[] DefaultDataHeuristic(ConvolutionShape shape, int mathType)
    {
        int[] mathTypes = mathType == 3 ? [3] : [1, 0, 3];
        return
        [
            new Offer(0, mathTypes[0], 0, IsDeterministic: false),
            .. mathTypes.Select(math => new Offer(5, math, 4 * 36 * shape.C * shape.K)),
            new Offer(3, mathTypes[0], 0, Status.CudnnNotSupported),
            .. mathTypes.Select(math => new Offer(1, math, 0)),
        ];
    }
}
