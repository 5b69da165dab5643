using System.Runtime.InteropServices;
using Harness.Kernels.Devices;
using Harness.Kernels.Ptx;

namespace Harness.Kernels.Tests.Simulator;

/// <summary>One entry <c>k</c> on a simulated device, from the lines of its body.</summary>
internal sealed class OneKernel(string parameters, string body, string module = "", int workers = 1) : IDisposable
{
    /// <summary>Lines of the file before the body's first.</summary>
    public const int LinesBefore = 6;

    public SimulatedDevice Device { get; } = new(new KernelLibrary([Source(parameters, body, module)]), workers);

    public static PtxSource Source(string parameters, string body, string module = "") => new(
        "k.ptx", $".version 7.8\n.target sm_90\n.address_size 64\n{module.ReplaceLineEndings(" ")}\n.visible .entry k({parameters})\n{{\n{body}\nret;\n}}\n");

    public ulong Buffer(string name, int bytes, int offset = 0)
    {
        DevicePointer region = Device.Allocate(name, bytes + offset);
        Device.BeginBuffer(name, region + offset, bytes);
        return region.Address + (ulong)offset;
    }

    public ulong In<T>(string name, params T[] values)
        where T : unmanaged
    {
        ulong address = Buffer(name, values.Length * Marshal.SizeOf<T>());
        Device.CopyToDevice(new DevicePointer(address), MemoryMarshal.AsBytes(values.AsSpan()));
        return address;
    }

    public T[] Read<T>(ulong address, int count)
        where T : unmanaged
    {
        var values = new T[count];
        Device.CopyToHost(MemoryMarshal.AsBytes(values.AsSpan()), new DevicePointer(address));
        return values;
    }

    public DeviceCounters Launch(Dim3 grid, Dim3 block, params ulong[] arguments)
    {
        DeviceCounters before = Device.Counters!.Value;
        Device.Launch(new KernelLaunch { Kernel = Device.Kernel("k"), Grid = grid, Block = block, Arguments = arguments });
        return Device.Counters!.Value - before;
    }

    public void Dispose() => Device.Dispose();
}
