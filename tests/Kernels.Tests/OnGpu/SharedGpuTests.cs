using Harness.Kernels.Devices;
using Harness.Kernels.Native;
using Harness.Kernels.Ptx;
using Harness.Tests.Shared.NativeDouble;
using Xunit;

namespace Harness.Kernels.Tests.OnGpu;

/// <summary>What the tests on a GPU rely on, on doubles of it.</summary>
public sealed class SharedGpuTests
{
    [Fact]
    public void A_device_is_opened_once_and_again_only_when_it_is_lost()
    {
        using FakeGpu first = new(), second = new();
        var machines = new Queue<FakeGpu>([first, second]);
        using (var shared = new SharedGpu(() => CudaDevice.Open(machines.Dequeue().Api, KernelLibrary.Embedded, CudaOptions.Default)))
        {
            Assert.Equal(2, machines.Count); // not before it is asked for
            CudaDevice device = shared.Device;
            Assert.Same(device, shared.Device);
            first.Lose(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, "a wrong kernel");
            Assert.NotSame(device, shared.Device);
            Assert.Equal(0, first.ContextReferences); // a context that is lost is gone once nobody holds it
            Assert.Same(shared.Device, shared.Device);
        }

        Assert.Empty(machines);
        Assert.Empty(second.Leftovers());
        Assert.Empty(first.Misuses.Concat(second.Misuses));
    }
}
