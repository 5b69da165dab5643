using Harness.Kernels.Devices;
using Harness.Kernels.Ptx;
using Harness.Tests.Shared.NativeDouble;
using Xunit;

namespace Harness.Kernels.Tests.Cuda;

public sealed class MathAndCudnnTests
{
    private static CudaOptions Tf32 => CudaOptions.Default with { Math = MathMode.Tf32 };

    private static CudaDevice Open(FakeGpu gpu, CudaOptions options) => CudaDevice.Open(gpu.Api, KernelLibrary.Embedded, options);

    [Fact]
    public void TF32_is_refused_where_the_libraries_would_compute_in_fp32()
    {
        using var gpu = new FakeGpu { Script = { ComputeMajor = 7, ComputeMinor = 5 } };
        Assert.Equal(
            "--math tf32 needs compute capability 8.0 or later, NVIDIA Double has 7.5: leave it out",
            Assert.Throws<MachineException>(() => Open(gpu, Tf32)).Message);
        CudaRig.AssertNothingIsLeft(gpu);
        using CudaDevice device = Open(gpu, CudaOptions.Default);
        Assert.Equal("NVIDIA Double", device.Description.Name);
    }

    [Fact]
    public void TF32_is_part_of_the_devices_name()
    {
        using var gpu = new FakeGpu();
        using CudaDevice device = Open(gpu, Tf32);
        Assert.Equal("NVIDIA Double, TF32", device.Description.Name);
    }

    /// <summary>Products and kernels need no cuDNN: bert and t5 run, vgg16 is told why not.</summary>
    [Theory]
    [InlineData("cudnnCreate")]
    [InlineData("cudnnSetStream")]
    public void A_cuDNN_that_does_not_start_leaves_the_device_open(string call)
    {
        using var gpu = new FakeGpu();
        gpu.Log.Fail(call, 1, 1);
        using (CudaDevice device = Open(gpu, CudaOptions.Default))
        {
            Assert.Null(device.Properties.CudnnVersion);
            string message = Assert.Throws<MachineException>(device.RequireConvolutions).Message;
            Assert.StartsWith($"this needs cuDNN: {call} failed: ", message);
            Assert.Equal(message, Assert.Throws<MachineException>(() => device.Convolution(default)).Message);
            Assert.True(device.Kernel("softmax_v1").Index >= 0);
        }

        CudaRig.AssertNothingIsLeft(gpu);
    }

    [Fact]
    public void Where_cuDNN_works_nothing_is_missing()
    {
        using var gpu = new FakeGpu();
        using CudaDevice device = Open(gpu, CudaOptions.Default);
        device.RequireConvolutions();
        Assert.Equal(90600, device.Properties.CudnnVersion);
    }
}
