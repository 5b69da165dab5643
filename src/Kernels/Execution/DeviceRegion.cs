using Harness.Kernels.Devices;

namespace Harness.Kernels.Execution;

/// <summary>One driver allocation and the live buffers in it, which the device is told of so that it can watch them.</summary>
internal sealed class DeviceRegion : IDisposable
{
    private const int NoBuffer = -1;

    private readonly IDevice _device;
    private readonly DevicePointer _base;
    private readonly int[] _buffers;
    private bool _disposed;

    /// <param name="device">holds the bytes</param>
    /// <param name="name">for messages</param>
    /// <param name="capacityBytes">0 takes nothing from the device</param>
    /// <param name="slots">how many buffers there can be; a buffer is named by its slot</param>
    public DeviceRegion(IDevice device, string name, long capacityBytes, int slots)
    {
        _device = device;
        _buffers = new int[slots];
        Array.Fill(_buffers, NoBuffer);
        _base = capacityBytes == 0 ? DevicePointer.Null : device.Allocate(name, capacityBytes);
    }

    public DevicePointer At(long offsetBytes) => _base + offsetBytes;

    public void Begin(int slot, string name, long offsetBytes, long bytes) =>
        _buffers[slot] = _device.BeginBuffer(name, At(offsetBytes), bytes);

    public BufferTouch? End(int slot)
    {
        int buffer = _buffers[slot];
        _buffers[slot] = NoBuffer;
        return _device.EndBuffer(buffer);
    }

    public BufferTouch? Touch(int slot) => _device.Touch(_buffers[slot]);

    /// <summary>
    /// Ends what still lives and frees the region. A device that fails here failed before, and that first error is the one to be
    /// seen: this one is dropped.
    /// </summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        for (int slot = 0; slot < _buffers.Length; slot++)
        {
            if (_buffers[slot] != NoBuffer)
            {
                Quietly(() => End(slot));
            }
        }

        if (_base != DevicePointer.Null)
        {
            Quietly(() => _device.Free(_base));
        }
    }

    private static void Quietly(Action release)
    {
        try
        {
            release();
        }
        catch (MachineException)
        {
        }
    }
}
