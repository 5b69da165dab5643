using Harness.Kernels.Native;

namespace Harness.Tests.Shared.NativeDouble;

internal sealed record FakeContext(int Ordinal);

/// <summary>The driver API: initialisation, devices and contexts. Modules, memory and streams are in the other parts.</summary>
internal sealed unsafe partial class FakeDriver : ICudaDriver, IDisposable
{
    private const CUresult Success = CUresult.CUDA_SUCCESS;

    private readonly FakeGpu _gpu;
    private readonly Dictionary<int, (nint Handle, int References)> _contexts = [];
    private readonly ThreadLocal<nint> _current = new();
    private bool _initialised;

    public FakeDriver(FakeGpu gpu) => _gpu = gpu;

    public int ContextReferences => _contexts.Values.Sum(context => context.References);

    private GpuScript Script => _gpu.Script;

    /// <summary>Of the context that is current to the calling thread.</summary>
    public CUresult ContextStatus() =>
        !_initialised ? Status.NotInitialized
        : _current.Value == 0 ? Status.InvalidContext
        : _gpu.Handles.Find<FakeContext>(_current.Value) is null ? Status.ContextIsDestroyed
        : Success;

    public CUresult cuInit(uint flags)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuInit({flags})");
        if (entry.Scripted != 0)
        {
            return (CUresult)entry.Scripted;
        }

        _initialised = true;
        return Script.Devices == 0 ? Status.NoDevice : flags == 0 ? Success : Status.InvalidValue;
    }

    /// <summary>Works before cuInit.</summary>
    public CUresult cuDriverGetVersion(int* driverVersion)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuDriverGetVersion()");
        *driverVersion = Script.DriverVersion;
        return (CUresult)entry.Scripted;
    }

    public CUresult cuGetErrorName(CUresult error, byte** text)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuGetErrorName({(int)error})");
        string? name = Status.Name(error);
        *text = name is null ? null : _gpu.Text(name);
        return name is null ? Status.InvalidValue : Success;
    }

    public CUresult cuGetErrorString(CUresult error, byte** text)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuGetErrorString({(int)error})");
        string? name = Status.Name(error);
        *text = name is null ? null : _gpu.Text($"the double's words for {name}");
        return name is null ? Status.InvalidValue : Success;
    }

    public CUresult cuDeviceGetCount(int* count)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuDeviceGetCount()");
        *count = Script.Devices;
        return Initialised(entry);
    }

    public CUresult cuDeviceGet(CUdevice* device, int ordinal)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuDeviceGet({ordinal})");
        *device = new CUdevice(ordinal);
        return Known(entry, new CUdevice(ordinal));
    }

    public CUresult cuDeviceGetName(byte* name, int length, CUdevice device)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuDeviceGetName({device})");
        NativeText.Write(Script.Name, name, length);
        return Known(entry, device);
    }

    public CUresult cuDeviceTotalMem(nuint* bytes, CUdevice device)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuDeviceTotalMem({device})");
        *bytes = (nuint)Script.MemoryBytes;
        return Known(entry, device);
    }

    public CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice device)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuDeviceGetAttribute({(int)attribute}, {device})");
        int? known = (int)attribute switch
        {
            13 => 1_800_000,
            16 => Script.Multiprocessors,
            17 => Script.Watched,
            18 => 0,
            36 => 7_001_000,
            37 => 192,
            38 => Script.L2Bytes,
            75 => Script.ComputeMajor,
            76 => Script.ComputeMinor,
            _ => null,
        };
        *value = known ?? 0;
        return known is null ? Status.InvalidValue : Known(entry, device);
    }

    public CUresult cuDeviceGetPCIBusId(byte* pciBusId, int length, CUdevice device)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuDeviceGetPCIBusId({device})");
        if (length < Script.PciBusId.Length + 1)
        {
            return Status.InvalidValue;
        }

        NativeText.Write(Script.PciBusId, pciBusId, length);
        return Known(entry, device);
    }

    public CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuDevicePrimaryCtxRetain({device})");
        *context = default;
        if (Known(entry, device) is not Success and var status)
        {
            return status;
        }

        (nint handle, int references) = _contexts.GetValueOrDefault(device.Ordinal);
        if (references == 0)
        {
            if (_gpu.FreeBytes() < Script.ContextBytes)
            {
                return Status.OutOfMemory;
            }

            handle = _gpu.Handles.Add("context", new FakeContext(device.Ordinal));
        }

        _contexts[device.Ordinal] = (handle, references + 1);
        *context = new CUcontext(handle);
        return Success;
    }

    /// <summary>The last release destroys the context and all that is in it; a device that was lost can be used again afterwards.</summary>
    public CUresult cuDevicePrimaryCtxRelease(CUdevice device)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuDevicePrimaryCtxRelease({device})");
        (nint handle, int references) = _contexts.GetValueOrDefault(device.Ordinal);
        if (references == 0)
        {
            return Status.InvalidContext;
        }

        _contexts[device.Ordinal] = (handle, references - 1);
        if (references == 1)
        {
            _gpu.Handles.Remove<FakeContext>(handle);
            if (_gpu.Lost is not null)
            {
                // What a lost context still held goes with it; nobody could have freed it.
                _gpu.Memory.Blocks.ToList().ForEach(_gpu.Memory.Free);
            }

            string[] children = [.. _gpu.Leftovers().Where(label => !label.Contains("nvml", StringComparison.Ordinal))];
            if (children.Length > 0)
            {
                throw _gpu.Misuse($"the context is released while {string.Join(", ", children)} are in it");
            }
        }

        return (CUresult)entry.Scripted;
    }

    public CUresult cuCtxSetCurrent(CUcontext context)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuCtxSetCurrent({context})");
        if (entry.Scripted != 0)
        {
            return (CUresult)entry.Scripted;
        }

        if (context.Handle != 0 && _gpu.Handles.Find<FakeContext>(context.Handle) is null)
        {
            return Status.InvalidContext;
        }

        _current.Value = context.Handle;
        return Success;
    }

    public void Dispose() => _current.Dispose();

    private CUresult Initialised(in CallLog.Entry entry) =>
        entry.Scripted != 0 ? (CUresult)entry.Scripted : _initialised ? Success : Status.NotInitialized;

    private CUresult Known(in CallLog.Entry entry, CUdevice device) =>
        Initialised(entry) is not Success and var status ? status
        : device.Ordinal >= 0 && device.Ordinal < Script.Devices ? Success
        : Status.InvalidDevice;

    /// <summary>The status of a call that needs a context, before its own arguments are looked at.</summary>
    private CUresult Ready(in CallLog.Entry entry) => entry.Scripted != 0 ? (CUresult)entry.Scripted : _gpu.ContextStatus();

    /// <summary>As <see cref="Ready"/>, for a call that may not be made while the thread captures: the capture is lost with it.</summary>
    private CUresult ReadyOutsideCapture(in CallLog.Entry entry)
    {
        if (_gpu.Capturing is { } stream)
        {
            stream.CaptureIsInvalid = true;
            return Status.CaptureUnsupported;
        }

        return Ready(entry);
    }
}
