using System.Runtime.InteropServices;
using Harness.Kernels.Devices;
using Harness.Kernels.Ptx;
using Harness.Tests.Shared.NativeDouble;
using Xunit;

namespace Harness.Kernels.Tests.Cuda;

/// <summary>A <see cref="CudaDevice"/> on a double of the GPU. At its end nothing may be left on the GPU.</summary>
internal sealed class CudaRig : IDisposable
{
    private readonly List<DevicePointer> _regions = [];

    public CudaRig(CudaOptions? options = null, FakeGpu? gpu = null, KernelLibrary? kernels = null)
    {
        Gpu = gpu ?? new FakeGpu();
        Device = CudaDevice.Open(Gpu.Api, kernels ?? KernelLibrary.Embedded, options ?? CudaOptions.Default);
    }

    public FakeGpu Gpu { get; }

    public CudaDevice Device { get; }

    /// <summary>The calls since they were last asked for that are no copies of operands.</summary>
    public string[] Calls()
    {
        string[] calls = [.. Gpu.Log.Calls.Select(call => call.ToString())];
        Gpu.Log.Clear();
        return calls;
    }

    public DevicePointer Room(string name, long floats)
    {
        DevicePointer region = Device.Allocate(name, floats * sizeof(float));
        _regions.Add(region);
        return region;
    }

    public DevicePointer Put(string name, params float[] values)
    {
        DevicePointer region = Room(name, values.Length);
        Device.CopyToDevice(region, MemoryMarshal.AsBytes(values.AsSpan()));
        return region;
    }

    public float[] Get(DevicePointer region, long floats)
    {
        float[] values = new float[floats];
        Device.CopyToHost(MemoryMarshal.AsBytes(values.AsSpan()), region);
        return values;
    }

    public void Dispose()
    {
        _regions.ForEach(Device.Free);
        Device.Dispose();
        AssertNothingIsLeft(Gpu);
        Gpu.Dispose();
    }

    public static void AssertNothingIsLeft(FakeGpu gpu)
    {
        Assert.Empty(gpu.Misuses);
        Assert.Empty(gpu.Leftovers());
    }
}
