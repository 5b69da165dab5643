using System.Runtime.InteropServices;
using Harness.Kernels.Devices;
using Harness.Kernels.Ptx;

namespace Harness.Kernels.Tests.Ptx;

/// <summary>One file of the corpus on a simulated device: buffers in, launches, buffers out.</summary>
internal sealed class CorpusRun(string file) : IDisposable
{
    private readonly SimulatedDevice _device = new(new KernelLibrary([Corpus.Read(file)]), workers: 2);

    public void Dispose() => _device.Dispose();

    /// <summary>The address of a live buffer that holds <paramref name="values"/>, as an argument of a launch.</summary>
    public ulong In<T>(params T[] values)
        where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values.AsSpan());
        ulong address = Buffer(bytes.Length);
        _device.CopyToDevice(new DevicePointer(address), bytes);
        return address;
    }

    /// <summary>The address of a live buffer that nobody has written yet.</summary>
    public ulong Out<T>(int count)
        where T : unmanaged => Buffer(count * Marshal.SizeOf<T>());

    public void Launch(string entry, Dim3 grid, Dim3 block, int sharedBytes, params ulong[] arguments)
    {
        _device.Launch(new KernelLaunch
        {
            Kernel = _device.Kernel(entry), Grid = grid, Block = block, SharedBytes = sharedBytes, Arguments = arguments,
        });
        _device.Synchronize();
    }

    public T[] Read<T>(ulong address, int count)
        where T : unmanaged
    {
        var values = new T[count];
        _device.CopyToHost(MemoryMarshal.AsBytes(values.AsSpan()), new DevicePointer(address));
        return values;
    }

    public static ulong Bits(float value) => BitConverter.SingleToUInt32Bits(value);

    public static ulong Bits(double value) => BitConverter.DoubleToUInt64Bits(value);

    private ulong Buffer(int bytes)
    {
        DevicePointer region = _device.Allocate(file, bytes);
        _device.BeginBuffer(file, region, bytes);
        return region.Address;
    }
}
