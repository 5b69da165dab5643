using System.Runtime.InteropServices;

namespace Harness.Tests.Shared.NativeDouble;

/// <summary>Host to device. The host memory must not change before it has run.</summary>
internal sealed unsafe class UploadWork(ulong destination, byte* source, int bytes)
    : Work("cuMemcpyHtoDAsync", [new AddressRange(destination, bytes), new AddressRange((ulong)source, bytes)])
{
    private readonly byte* _source = source;
    private byte[]? _seen = new ReadOnlySpan<byte>(source, bytes).ToArray();

    public override void Capture() => _seen = null;

    public override void Run(FakeGpu gpu)
    {
        var now = new ReadOnlySpan<byte>(_source, bytes);
        if (_seen is not null && !now.SequenceEqual(_seen))
        {
            throw gpu.Misuse($"host memory {gpu.Label((ulong)_source)} was changed before the copy of {bytes} bytes from it to {gpu.Label(destination)} had run");
        }

        now.CopyTo(gpu.Memory.Span(destination, bytes));
        gpu.Memory.MarkWritten(destination, bytes);
    }
}

internal sealed unsafe class DownloadWork(byte* destination, ulong source, int bytes)
    : Work("cuMemcpyDtoHAsync", [new AddressRange((ulong)destination, bytes), new AddressRange(source, bytes)])
{
    private readonly byte* _destination = destination;

    public override void Run(FakeGpu gpu) => gpu.Memory.CopyOut(source, new Span<byte>(_destination, bytes));
}

internal sealed class DeviceCopyWork(ulong destination, ulong source, int bytes)
    : Work("cuMemcpyDtoDAsync", [new AddressRange(destination, bytes), new AddressRange(source, bytes)])
{
    public override void Run(FakeGpu gpu)
    {
        gpu.Memory.CopyOut(source, gpu.Memory.Span(destination, bytes));
        gpu.Memory.MarkWritten(destination, bytes);
    }
}

internal sealed class FillWork(ulong destination, uint value, int words)
    : Work("cuMemsetD32Async", [new AddressRange(destination, 4L * words)])
{
    public override void Run(FakeGpu gpu)
    {
        MemoryMarshal.Cast<byte, uint>(gpu.Memory.Span(destination, 4L * words)).Fill(value);
        gpu.Memory.MarkWritten(destination, 4L * words);
    }
}
