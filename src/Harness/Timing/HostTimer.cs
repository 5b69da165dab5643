using Harness.Kernels.Devices;

namespace Harness.Timing;

/// <summary>The host's clock in place of events, for devices that have none: it waits for the device at both ends.</summary>
internal sealed class HostTimer(IDevice device, TimeProvider clock) : IGpuTimer
{
    private long _start;
    private long _stop;

    public void Start()
    {
        device.Synchronize();
        _start = clock.GetTimestamp();
    }

    public void Stop()
    {
        device.Synchronize();
        _stop = clock.GetTimestamp();
    }

    public double Seconds() => clock.GetElapsedTime(_start, _stop).TotalSeconds;

    public void Dispose()
    {
    }
}
