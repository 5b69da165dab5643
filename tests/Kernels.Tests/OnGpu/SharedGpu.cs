using Harness.Kernels.Devices;
using Harness.Tests.Shared;

namespace Harness.Kernels.Tests.OnGpu;

/// <summary>
/// One device for all tests of a class. Opening one makes a context and has the driver compile every kernel: half a second and more, which a class with a
/// hundred cases would pay a hundred times. A device that a test has lost is opened anew, so that one wrong kernel fails one test.
/// </summary>
public sealed class SharedGpu : IDisposable
{
    private readonly Func<CudaDevice> _open;
    private CudaDevice? _device;

    public SharedGpu()
        : this(() => Gpu.Open())
    {
    }

    internal SharedGpu(Func<CudaDevice> open) => _open = open;

    /// <summary>Opened when it is first asked for, so that where there is no GPU each test is skipped with the reason. Stays this one's.</summary>
    public CudaDevice Device
    {
        get
        {
            if (_device is not null && IsLost(_device))
            {
                _device.Dispose();
                _device = null;
            }

            return _device ??= _open();
        }
    }

    public void Dispose() => _device?.Dispose();

    private static bool IsLost(CudaDevice device)
    {
        try
        {
            device.Synchronize();
            return false;
        }
        catch (MachineException)
        {
            return true;
        }
    }
}
