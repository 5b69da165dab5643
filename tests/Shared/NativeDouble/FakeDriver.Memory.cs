using System.Globalization;
using Harness.Kernels.Native;

namespace Harness.Tests.Shared.NativeDouble;

/// <content>Memory and copies.</content>
internal sealed unsafe partial class FakeDriver
{
    private int _pinnedCount;

    public CUresult cuMemGetInfo(nuint* free, nuint* total)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuMemGetInfo()");
        *free = (nuint)_gpu.FreeBytes();
        *total = (nuint)Script.MemoryBytes;
        return Ready(entry);
    }

    public CUresult cuMemAlloc(CUdeviceptr* pointer, nuint bytes)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuMemAlloc({bytes})");
        *pointer = default;
        if (ReadyOutsideCapture(entry) is not Success and var status)
        {
            return status;
        }

        if (bytes == 0)
        {
            return Status.InvalidValue;
        }

        if (bytes > (nuint)_gpu.FreeBytes())
        {
            return Status.OutOfMemory;
        }

        *pointer = new CUdeviceptr(_gpu.Memory.Allocate((long)bytes).Start);
        return Success;
    }

    /// <summary>Destroys whatever it returns, as all such calls of the double do: a failure that a test scripts leaves nothing behind.</summary>
    public CUresult cuMemFree(CUdeviceptr pointer)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuMemFree({pointer})");
        DeviceBlock? block = _gpu.Memory.Find(pointer.Address);
        if (ReadyOutsideCapture(entry) is (Status.CaptureUnsupported or Status.InvalidContext or Status.ContextIsDestroyed) and var status)
        {
            return status;
        }

        if (block is null || block.Start != pointer.Address)
        {
            return Status.InvalidValue;
        }

        _gpu.RequireIdle(block.Label, new AddressRange(block.Start, block.Bytes));
        foreach ((nint handle, CublasState state) in _gpu.Handles.All<CublasState>())
        {
            if (state.Workspace == block.Start)
            {
                throw _gpu.Misuse($"{block.Label} is freed while it is the workspace of {_gpu.Handles.Label(handle)}");
            }
        }

        _gpu.Memory.Free(block);
        return Ready(entry);
    }

    public CUresult cuMemAllocHost(void** pointer, nuint bytes)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuMemAllocHost({bytes})");
        *pointer = null;
        if (ReadyOutsideCapture(entry) is not Success and var status)
        {
            return status;
        }

        if (bytes == 0)
        {
            return Status.InvalidValue;
        }

        var block = new PinnedBlock("H" + (++_pinnedCount).ToString(CultureInfo.InvariantCulture), (long)bytes);
        _gpu.Pinned.Add(block);
        *pointer = (void*)block.Start;
        return Success;
    }

    public CUresult cuMemFreeHost(void* pointer)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuMemFreeHost({pointer})");
        PinnedBlock? block = _gpu.Pinned.Find(block => block.Start == (ulong)pointer);
        if (ReadyOutsideCapture(entry) is (Status.CaptureUnsupported or Status.InvalidContext or Status.ContextIsDestroyed) and var status)
        {
            return status;
        }

        if (block is null)
        {
            return Status.InvalidValue;
        }

        _gpu.RequireIdle(block.Label, new AddressRange(block.Start, block.Bytes));
        if (!block.IsIntact)
        {
            throw _gpu.Misuse($"something was written before or behind {block.Label}");
        }

        _gpu.Pinned.Remove(block);
        block.Dispose();
        return Ready(entry);
    }

    public CUresult cuMemcpyHtoDAsync(CUdeviceptr destination, void* source, nuint bytes, CUstream stream)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuMemcpyHtoDAsync({destination}, {source}, {bytes}, {stream})");
        if (CopyStatus(entry, stream, destination, bytes) is not Success and var status)
        {
            return status;
        }

        if (bytes == 0)
        {
            return Success;
        }

        RequirePinned("cuMemcpyHtoDAsync", source, bytes);
        _gpu.Enqueue(stream, new UploadWork(destination.Address, (byte*)source, (int)bytes));
        return Success;
    }

    public CUresult cuMemcpyDtoHAsync(void* destination, CUdeviceptr source, nuint bytes, CUstream stream)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuMemcpyDtoHAsync({destination}, {source}, {bytes}, {stream})");
        if (CopyStatus(entry, stream, source, bytes) is not Success and var status)
        {
            return status;
        }

        if (bytes == 0)
        {
            return Success;
        }

        RequirePinned("cuMemcpyDtoHAsync", destination, bytes);
        Spoil(destination, bytes);
        _gpu.Enqueue(stream, new DownloadWork((byte*)destination, source.Address, (int)bytes));
        return Success;
    }

    public CUresult cuMemcpyDtoDAsync(CUdeviceptr destination, CUdeviceptr source, nuint bytes, CUstream stream)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuMemcpyDtoDAsync({destination}, {source}, {bytes}, {stream})");
        CUresult status = CopyStatus(entry, stream, source, bytes);
        status = status == Success ? CopyStatus(entry, stream, destination, bytes) : status;
        if (status != Success || bytes == 0)
        {
            return status;
        }

        if (new AddressRange(source.Address, (long)bytes).Overlaps(new AddressRange(destination.Address, (long)bytes)))
        {
            throw _gpu.Misuse($"cuMemcpyDtoDAsync: {destination} and {source} overlap");
        }

        _gpu.Enqueue(stream, new DeviceCopyWork(destination.Address, source.Address, (int)bytes));
        return Success;
    }

    public CUresult cuMemsetD32Async(CUdeviceptr destination, uint value, nuint count, CUstream stream)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuMemsetD32Async({destination}, {value}, {count}, {stream})");
        if (CopyStatus(entry, stream, destination, 4 * count) is not Success and var status)
        {
            return status;
        }

        if (count == 0 || destination.Address % 4 != 0)
        {
            return count == 0 ? Success : Status.InvalidValue;
        }

        _gpu.Enqueue(stream, new FillWork(destination.Address, value, (int)count));
        return Success;
    }

    /// <summary>Until somebody waits, what lies where a copy will go is anything; but earlier work may still have to read it.</summary>
    private void Spoil(void* destination, nuint bytes)
    {
        var range = new AddressRange((ulong)destination, (long)bytes);
        if (_gpu.Capturing is null && !_gpu.Handles.All<FakeStream>().Any(pair => pair.Value.Pending.Any(work => work.Touches(range))))
        {
            new Span<byte>(destination, (int)bytes).Fill(0xDB);
        }
    }

    private CUresult CopyStatus(in CallLog.Entry entry, CUstream stream, CUdeviceptr device, nuint bytes) =>
        Ready(entry) is not Success and var status ? status
        : stream.Handle != 0 && _gpu.Handles.Find<FakeStream>(stream.Handle) is null ? Status.InvalidHandle
        : bytes == 0 ? Success
        : bytes <= int.MaxValue && _gpu.Memory.Find(device.Address, (long)bytes) is not null ? Success
        : Status.InvalidValue;

    /// <summary>From other host memory the driver would copy in steps of its own, and wait.</summary>
    private void RequirePinned(string call, void* host, nuint bytes)
    {
        if (!_gpu.Pinned.Exists(block => block.Holds((ulong)host, (long)bytes)))
        {
            throw _gpu.Misuse($"{call}: {bytes} bytes at {_gpu.Label((ulong)host)} are not page-locked memory of this driver");
        }
    }
}
