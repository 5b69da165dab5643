using Harness.Kernels.Devices;
using Harness.Kernels.Native;

namespace Harness.Tests.Shared.NativeDouble;

/// <summary>cuDNN 9's legacy interface: handles and descriptors here, convolution and pooling in the other part.</summary>
internal sealed unsafe partial class FakeCudnn(FakeGpu gpu) : ICudnn
{
    private const cudnnStatus_t Success = cudnnStatus_t.CUDNN_STATUS_SUCCESS;

    public nuint cudnnGetVersion()
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnGetVersion()");
        return (nuint)gpu.Script.CudnnVersion;
    }

    public byte* cudnnGetErrorString(cudnnStatus_t status)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnGetErrorString({(int)status})");
        return gpu.Text(Status.Name(status));
    }

    public cudnnStatus_t cudnnCreate(cudnnHandle_t* handle)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnCreate()");
        *handle = default;
        if (entry.Scripted != 0)
        {
            return (cudnnStatus_t)entry.Scripted;
        }

        if (gpu.Capturing is { } stream)
        {
            stream.CaptureIsInvalid = true;
            return (cudnnStatus_t)1;
        }

        if (gpu.ContextStatus() != CUresult.CUDA_SUCCESS || gpu.FreeBytes() < gpu.Script.CudnnBytes)
        {
            return (cudnnStatus_t)1;
        }

        *handle = new cudnnHandle_t(gpu.Handles.Add("cudnn", new CudnnState()));
        return Success;
    }

    public cudnnStatus_t cudnnDestroy(cudnnHandle_t handle)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnDestroy({handle})");
        return gpu.Handles.Remove<CudnnState>(handle.Handle) is null ? Status.CudnnBadParam : Ready(entry);
    }

    public cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, CUstream stream)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnSetStream({handle}, {stream})");
        if (gpu.Handles.Find<CudnnState>(handle.Handle) is not { } state || gpu.Handles.Find<FakeStream>(stream.Handle) is null)
        {
            return Status.CudnnBadParam;
        }

        if (Ready(entry) is not Success and var status)
        {
            return status;
        }

        state.Stream = stream;
        return Success;
    }

    public cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* descriptor)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnCreateTensorDescriptor()");
        *descriptor = new(Create(entry, "tensor", new TensorState()));
        return (cudnnStatus_t)entry.Scripted;
    }

    public cudnnStatus_t cudnnSetTensor4dDescriptor(
        cudnnTensorDescriptor_t descriptor, cudnnTensorFormat_t format, cudnnDataType_t dataType, int n, int c, int h, int w)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnSetTensor4dDescriptor({descriptor}, {format}, {dataType}, {n}, {c}, {h}, {w})");
        if (gpu.Handles.Find<TensorState>(descriptor.Handle) is not { } state || (int)format != 0 || (int)dataType != 0 || Math.Min(Math.Min(n, c), Math.Min(h, w)) < 1)
        {
            return Status.CudnnBadParam;
        }

        state.Extents = (n, c, h, w);
        return state.Bytes >> 33 == 0 ? (cudnnStatus_t)entry.Scripted : Status.CudnnNotSupported;
    }

    public cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t descriptor)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnDestroyTensorDescriptor({descriptor})");
        return Destroy<TensorState>(entry, descriptor.Handle);
    }

    public cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* descriptor)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnCreateFilterDescriptor()");
        *descriptor = new(Create(entry, "filter", new FilterState()));
        return (cudnnStatus_t)entry.Scripted;
    }

    /// <summary>The type stands before the format here, the other way round than for a tensor.</summary>
    public cudnnStatus_t cudnnSetFilter4dDescriptor(
        cudnnFilterDescriptor_t descriptor, cudnnDataType_t dataType, cudnnTensorFormat_t format, int k, int c, int h, int w)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnSetFilter4dDescriptor({descriptor}, {dataType}, {format}, {k}, {c}, {h}, {w})");
        if (gpu.Handles.Find<FilterState>(descriptor.Handle) is not { } state || (int)format != 0 || (int)dataType != 0 || Math.Min(Math.Min(k, c), Math.Min(h, w)) < 1)
        {
            return Status.CudnnBadParam;
        }

        state.Extents = (k, c, h, w);
        return (cudnnStatus_t)entry.Scripted;
    }

    public cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t descriptor)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnDestroyFilterDescriptor({descriptor})");
        return Destroy<FilterState>(entry, descriptor.Handle);
    }

    public cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* descriptor)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnCreateConvolutionDescriptor()");
        *descriptor = new(Create(entry, "convolution", new ConvolutionState()));
        return (cudnnStatus_t)entry.Scripted;
    }

    public cudnnStatus_t cudnnSetConvolution2dDescriptor(
        cudnnConvolutionDescriptor_t descriptor, int padH, int padW, int u, int v, int dilationH, int dilationW,
        cudnnConvolutionMode_t mode, cudnnDataType_t computeType)
    {
        using CallLog.Entry entry = gpu.Enter(
            $"cudnnSetConvolution2dDescriptor({descriptor}, {padH}, {padW}, {u}, {v}, {dilationH}, {dilationW}, {(int)mode}, {computeType})");
        if (gpu.Handles.Find<ConvolutionState>(descriptor.Handle) is not { } state || padH < 0 || padH != padW || u < 1 || u != v
            || dilationH != 1 || dilationW != 1 || (int)mode != 1 || (int)computeType != 0)
        {
            return Status.CudnnBadParam;
        }

        state.Geometry = (padH, u);
        return (cudnnStatus_t)entry.Scripted;
    }

    public cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t descriptor, cudnnMathType_t mathType)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnSetConvolutionMathType({descriptor}, {(int)mathType})");
        if (gpu.Handles.Find<ConvolutionState>(descriptor.Handle) is not { } state || (int)mathType is < 0 or > 3)
        {
            return Status.CudnnBadParam;
        }

        state.MathType = (int)mathType;
        return (cudnnStatus_t)entry.Scripted;
    }

    public cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t descriptor)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnDestroyConvolutionDescriptor({descriptor})");
        return Destroy<ConvolutionState>(entry, descriptor.Handle);
    }

    public cudnnStatus_t cudnnCreateActivationDescriptor(cudnnActivationDescriptor_t* descriptor)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnCreateActivationDescriptor()");
        *descriptor = new(Create(entry, "activation", new ActivationState()));
        return (cudnnStatus_t)entry.Scripted;
    }

    public cudnnStatus_t cudnnSetActivationDescriptor(
        cudnnActivationDescriptor_t descriptor, cudnnActivationMode_t mode, cudnnNanPropagation_t reluNan, double coefficient)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnSetActivationDescriptor({descriptor}, {(int)mode}, {(int)reluNan}, {coefficient})");
        if (gpu.Handles.Find<ActivationState>(descriptor.Handle) is not { } state || (int)mode is < 0 or > 6 || (int)reluNan is < 0 or > 1)
        {
            return Status.CudnnBadParam;
        }

        (state.Mode, state.NanOption) = ((int)mode, (int)reluNan);
        return (cudnnStatus_t)entry.Scripted;
    }

    public cudnnStatus_t cudnnDestroyActivationDescriptor(cudnnActivationDescriptor_t descriptor)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnDestroyActivationDescriptor({descriptor})");
        return Destroy<ActivationState>(entry, descriptor.Handle);
    }

    public cudnnStatus_t cudnnCreatePoolingDescriptor(cudnnPoolingDescriptor_t* descriptor)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnCreatePoolingDescriptor()");
        *descriptor = new(Create(entry, "pooling", new PoolingState()));
        return (cudnnStatus_t)entry.Scripted;
    }

    public cudnnStatus_t cudnnSetPooling2dDescriptor(
        cudnnPoolingDescriptor_t descriptor, cudnnPoolingMode_t mode, cudnnNanPropagation_t maxpoolingNan, int windowHeight, int windowWidth,
        int verticalPadding, int horizontalPadding, int verticalStride, int horizontalStride)
    {
        using CallLog.Entry entry = gpu.Enter(
            $"cudnnSetPooling2dDescriptor({descriptor}, {(int)mode}, {(int)maxpoolingNan}, {windowHeight}, {windowWidth}, {verticalPadding}, {horizontalPadding}, {verticalStride}, {horizontalStride})");
        if (gpu.Handles.Find<PoolingState>(descriptor.Handle) is not { } state || (int)mode is not (0 or 3) || windowHeight < 1 || windowHeight != windowWidth
            || verticalPadding != 0 || horizontalPadding != 0 || verticalStride < 1 || verticalStride != horizontalStride)
        {
            return Status.CudnnBadParam;
        }

        state.Geometry = (windowHeight, verticalStride, (int)maxpoolingNan == 1);
        return (cudnnStatus_t)entry.Scripted;
    }

    public cudnnStatus_t cudnnDestroyPoolingDescriptor(cudnnPoolingDescriptor_t descriptor)
    {
        using CallLog.Entry entry = gpu.Enter($"cudnnDestroyPoolingDescriptor({descriptor})");
        return Destroy<PoolingState>(entry, descriptor.Handle);
    }

    private nint Create(in CallLog.Entry entry, string kind, object state) => entry.Scripted != 0 ? 0 : gpu.Handles.Add(kind, state);

    private cudnnStatus_t Destroy<T>(in CallLog.Entry entry, nint descriptor)
        where T : class => gpu.Handles.Remove<T>(descriptor) is null ? Status.CudnnBadParam : (cudnnStatus_t)entry.Scripted;

    private cudnnStatus_t Ready(in CallLog.Entry entry) =>
        entry.Scripted != 0 ? (cudnnStatus_t)entry.Scripted
        : gpu.Lost is not null || gpu.ContextStatus() != CUresult.CUDA_SUCCESS ? Status.CudnnExecutionFailed
        : Success;
}
