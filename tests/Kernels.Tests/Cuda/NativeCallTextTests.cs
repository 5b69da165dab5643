using Harness.Kernels.Devices;
using Xunit;

namespace Harness.Kernels.Tests.Cuda;

public sealed class NativeCallTextTests
{
    [Theory]
    [InlineData("driver.cuInit(0)", "cuInit")]
    [InlineData("_context.Driver.cuMemcpyHtoDAsync(\n    new CUdeviceptr((destination + offset).Address), 1)", "cuMemcpyHtoDAsync")]
    [InlineData("cuMemAlloc", "cuMemAlloc")]
    public void The_failing_call_is_named_without_its_surroundings(string expression, string expected) => Assert.Equal(expected, NativeText.Call(expression));

    [Fact]
    public void An_extent_beyond_32_bits_is_the_callers_mistake()
    {
        Assert.Equal(int.MaxValue, LibraryExtent.Of(int.MaxValue, "GEMM: m"));
        Assert.Equal(0, LibraryExtent.Of(0, "GEMM: m"));
        Assert.Equal(
            "GEMM: m is 2147483648, the library's limit is 2147483647: take a smaller batch or length",
            Assert.Throws<CallerException>(() => LibraryExtent.Of(1L << 31, "GEMM: m")).Message);
        Assert.Throws<CallerException>(() => LibraryExtent.Of(-1, "GEMM: m"));
    }
}
