using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>Makes cuDNN's descriptors and destroys them in reverse order.</summary>
internal sealed unsafe class CudnnDescriptors(ICudnn cudnn, CudnnStatus status, string what) : IDisposable
{
    private readonly Stack<Action> _destroy = new();

    /// <summary>f32 NCHW.</summary>
    public cudnnTensorDescriptor_t Tensor(int n, int c, int h, int w)
    {
        cudnnTensorDescriptor_t descriptor;
        status.ThrowIfFailed(cudnn.cudnnCreateTensorDescriptor(&descriptor), what);
        cudnnTensorDescriptor_t made = descriptor;
        _destroy.Push(() => cudnn.cudnnDestroyTensorDescriptor(made));
        status.ThrowIfFailed(cudnn.cudnnSetTensor4dDescriptor(
            descriptor, cudnnTensorFormat_t.CUDNN_TENSOR_NCHW, cudnnDataType_t.CUDNN_DATA_FLOAT, n, c, h, w), what);
        return descriptor;
    }

    /// <summary>f32 [k,c,h,w].</summary>
    public cudnnFilterDescriptor_t Filter(int k, int c, int h, int w)
    {
        cudnnFilterDescriptor_t descriptor;
        status.ThrowIfFailed(cudnn.cudnnCreateFilterDescriptor(&descriptor), what);
        cudnnFilterDescriptor_t made = descriptor;
        _destroy.Push(() => cudnn.cudnnDestroyFilterDescriptor(made));
        status.ThrowIfFailed(cudnn.cudnnSetFilter4dDescriptor(
            descriptor, cudnnDataType_t.CUDNN_DATA_FLOAT, cudnnTensorFormat_t.CUDNN_TENSOR_NCHW, k, c, h, w), what);
        return descriptor;
    }

    /// <summary>Cross-correlation that sums in f32, without dilation.</summary>
    public cudnnConvolutionDescriptor_t Convolution(int padding, int stride, cudnnMathType_t math)
    {
        cudnnConvolutionDescriptor_t descriptor;
        status.ThrowIfFailed(cudnn.cudnnCreateConvolutionDescriptor(&descriptor), what);
        cudnnConvolutionDescriptor_t made = descriptor;
        _destroy.Push(() => cudnn.cudnnDestroyConvolutionDescriptor(made));
        status.ThrowIfFailed(cudnn.cudnnSetConvolution2dDescriptor(
            descriptor, padding, padding, stride, stride, 1, 1, cudnnConvolutionMode_t.CUDNN_CROSS_CORRELATION,
            cudnnDataType_t.CUDNN_DATA_FLOAT), what);
        status.ThrowIfFailed(cudnn.cudnnSetConvolutionMathType(descriptor, math), what);
        return descriptor;
    }

    /// <summary>ReLU or identity for the fused call, which allows no other handling of NaN (cuDNN documentation).</summary>
    public cudnnActivationDescriptor_t Activation(bool relu)
    {
        cudnnActivationDescriptor_t descriptor;
        status.ThrowIfFailed(cudnn.cudnnCreateActivationDescriptor(&descriptor), what);
        cudnnActivationDescriptor_t made = descriptor;
        _destroy.Push(() => cudnn.cudnnDestroyActivationDescriptor(made));
        status.ThrowIfFailed(cudnn.cudnnSetActivationDescriptor(
            descriptor, relu ? cudnnActivationMode_t.CUDNN_ACTIVATION_RELU : cudnnActivationMode_t.CUDNN_ACTIVATION_IDENTITY,
            cudnnNanPropagation_t.CUDNN_NOT_PROPAGATE_NAN, coefficient: 0), what);
        return descriptor;
    }

    /// <summary>The largest of a square window, without padding. A NaN in the window is the largest.</summary>
    public cudnnPoolingDescriptor_t MaxPool(int window, int stride)
    {
        cudnnPoolingDescriptor_t descriptor;
        status.ThrowIfFailed(cudnn.cudnnCreatePoolingDescriptor(&descriptor), what);
        cudnnPoolingDescriptor_t made = descriptor;
        _destroy.Push(() => cudnn.cudnnDestroyPoolingDescriptor(made));
        status.ThrowIfFailed(cudnn.cudnnSetPooling2dDescriptor(
            descriptor, cudnnPoolingMode_t.CUDNN_POOLING_MAX, cudnnNanPropagation_t.CUDNN_PROPAGATE_NAN, window, window, 0, 0, stride,
            stride), what);
        return descriptor;
    }

    /// <summary>Statuses are not looked at: an error that came before is the one to be seen.</summary>
    public void Dispose()
    {
        while (_destroy.TryPop(out Action? destroy))
        {
            destroy();
        }
    }
}
