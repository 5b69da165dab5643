using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Harness.Kernels.Native;

namespace Harness.Tests.Shared.NativeDouble;

/// <summary>
/// Puts a call into words as it comes in. It exists before anything of the double is allocated, so that what the double allocates can be told
/// from what its caller does (<see cref="CallLog.OwnManagedBytes"/>).
/// </summary>
[InterpolatedStringHandler]
internal ref struct CallText
{
    private readonly FakeGpu _gpu;
    private readonly StringBuilder _text;

    public CallText(int literalLength, int formattedCount, FakeGpu gpu)
    {
        Mark = GC.GetAllocatedBytesForCurrentThread();
        _gpu = gpu;
        _text = new StringBuilder(literalLength + (8 * formattedCount));
    }

    /// <summary>What the thread had allocated before.</summary>
    public long Mark { get; }

    public readonly void AppendLiteral(string text) => _text.Append(text);

    public readonly void AppendFormatted(string text) => _text.Append(text);

    public readonly void AppendFormatted<T>(T value)
        where T : struct => _text.Append(CultureInfo.InvariantCulture, $"{value}");

    public readonly unsafe void AppendFormatted(void* address) => _text.Append(_gpu.Label((ulong)address));

    public readonly unsafe void AppendFormatted(byte* text) => _text.Append(NativeText.Read(text));

    public readonly void AppendFormatted(CUdeviceptr address) => _text.Append(_gpu.Label(address.Address));

    public readonly void AppendFormatted(CUdevice device) => _text.Append(CultureInfo.InvariantCulture, $"device{device.Ordinal}");

    public readonly void AppendFormatted(CUcontext context) => Handle(context.Handle);

    public readonly void AppendFormatted(CUmodule module) => Handle(module.Handle);

    public readonly void AppendFormatted(CUfunction function) => Handle(function.Handle);

    public readonly void AppendFormatted(CUstream stream) => Handle(stream.Handle);

    public readonly void AppendFormatted(CUevent recorded) => Handle(recorded.Handle);

    public readonly void AppendFormatted(CUgraph graph) => Handle(graph.Handle);

    public readonly void AppendFormatted(CUgraphExec executable) => Handle(executable.Handle);

    public readonly void AppendFormatted(cublasHandle_t handle) => Handle(handle.Handle);

    public readonly void AppendFormatted(cudnnHandle_t handle) => Handle(handle.Handle);

    public readonly void AppendFormatted(cudnnTensorDescriptor_t descriptor) => Handle(descriptor.Handle);

    public readonly void AppendFormatted(cudnnFilterDescriptor_t descriptor) => Handle(descriptor.Handle);

    public readonly void AppendFormatted(cudnnConvolutionDescriptor_t descriptor) => Handle(descriptor.Handle);

    public readonly void AppendFormatted(cudnnActivationDescriptor_t descriptor) => Handle(descriptor.Handle);

    public readonly void AppendFormatted(cudnnPoolingDescriptor_t descriptor) => Handle(descriptor.Handle);

    public readonly void AppendFormatted(nvmlDevice_t device) => Handle(device.Handle);

    public override readonly string ToString() => _text.ToString();

    private readonly void Handle(nint handle) => _text.Append(_gpu.Handles.Label(handle));
}
