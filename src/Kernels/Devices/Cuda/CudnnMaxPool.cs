using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>What makes two poolings the same to cuDNN.</summary>
internal readonly record struct MaxPoolKey(long N, long C, long H, long W, int Window, int Stride);

/// <summary>One distinct max pooling: its descriptors, made once and used by every call.</summary>
internal sealed unsafe class CudnnMaxPool : IDisposable
{
    private readonly ICudnn _cudnn;
    private readonly CudnnStatus _status;
    private readonly cudnnHandle_t _handle;
    private readonly CudnnDescriptors _descriptors;
    private readonly string _what;
    private readonly cudnnTensorDescriptor_t _x;
    private readonly cudnnTensorDescriptor_t _y;
    private readonly cudnnPoolingDescriptor_t _pooling;

    /// <exception cref="CallerException">an extent beyond 32 bits</exception>
    /// <exception cref="MachineException">cuDNN does not take the shape</exception>
    public CudnnMaxPool(ICudnn cudnn, CudnnStatus status, cudnnHandle_t handle, MaxPoolKey key)
    {
        _cudnn = cudnn;
        _status = status;
        _handle = handle;
        _what = $"max pooling [{key.N},{key.C},{key.H},{key.W}], window {key.Window}, stride {key.Stride}";
        int n = Extent(key.N, "n"), c = Extent(key.C, "c"), h = Extent(key.H, "h"), w = Extent(key.W, "w");
        _descriptors = new CudnnDescriptors(cudnn, status, _what);
        try
        {
            _x = _descriptors.Tensor(n, c, h, w);
            _y = _descriptors.Tensor(n, c, (h - key.Window) / key.Stride + 1, (w - key.Window) / key.Stride + 1);
            _pooling = _descriptors.MaxPool(key.Window, key.Stride);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void Forward(in MaxPoolCall call)
    {
        float one = 1, zero = 0;
        _status.ThrowIfFailed(
            _cudnn.cudnnPoolingForward(_handle, _pooling, &one, _x, (void*)call.X.Address, &zero, _y, (void*)call.Y.Address), _what);
    }

    public void Dispose() => _descriptors.Dispose();

    private int Extent(long value, string name) => LibraryExtent.Of(value, $"{_what}: {name}");
}
