using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Xunit;

namespace Harness.Kernels.Tests.Execution;

public sealed class ParameterRegionTests : IDisposable
{
    private readonly FakeDevice _device = new();

    public void Dispose() => _device.Dispose();

    private static TensorSpec Parameter(string name, params ReadOnlySpan<long> shape) =>
        new(0, name, new Shape(shape), DType.F32, TensorCategory.Parameter);

    [Fact]
    public void Each_parameter_lies_behind_the_one_before()
    {
        using var region = new ParameterRegion([Parameter("a", 3), Parameter("b", 65), Parameter("c", 64)], _device);
        Assert.Equal(
            [
                new LedgerRow("a", TensorCategory.Parameter, 12, 256, 0, 0, int.MaxValue),
                new LedgerRow("b", TensorCategory.Parameter, 260, 512, 256, 0, int.MaxValue),
                new LedgerRow("c", TensorCategory.Parameter, 256, 256, 768, 0, int.MaxValue),
            ],
            region.Rows);
        Assert.Equal(1024, region.CapacityBytes);
        Assert.Equal(region.Address("a") + 768, region.Address("c"));
        Assert.Equal(["a", "b", "c"], _device.LiveBuffers);
    }

    [Fact]
    public void A_guard_band_lies_behind_each_parameter()
    {
        using var region = new ParameterRegion([Parameter("a", 3), Parameter("b", 64)], _device, guardBytes: 512);
        Assert.Equal([(768L, 0L), (768L, 768L)], region.Rows.Select(row => (row.ReservedBytes, row.OffsetBytes)));
        Assert.Equal(1536, region.CapacityBytes);
    }

    [Fact]
    public void What_is_written_is_there()
    {
        using var region = new ParameterRegion([Parameter("a", 1), Parameter("b", 2)], _device);
        region.Write("b", [1, 2, 3, 4, 5, 6, 7, 8]);
        byte[] bytes = new byte[8];
        _device.CopyToHost(bytes, region.Address("b"));
        Assert.Equal<byte>([1, 2, 3, 4, 5, 6, 7, 8], bytes);
    }

    [Fact]
    public void Mistakes_name_the_parameter()
    {
        using var region = new ParameterRegion([Parameter("a", 2)], _device);
        Assert.Equal("parameter 'a' has 8 bytes, not 4", Assert.Throws<CallerException>(() => region.Write("a", new byte[4])).Message);
        Assert.Equal("there is no parameter 'z'", Assert.Throws<CallerException>(() => region.Address("z")).Message);
        Assert.Contains("'a'", Assert.Throws<CallerException>(() => new ParameterRegion([Parameter("a", 2), Parameter("a", 2)], _device)).Message);
        Assert.Contains("8 bytes, the program needs 12", Assert.Throws<CallerException>(() => region.Address(Parameter("a", 3))).Message);
    }

    [Fact]
    public void Bytes_beyond_64_bits_are_the_callers_mistake() => Assert.Contains(
        "64 bits",
        Assert.Throws<CallerException>(() => new ParameterRegion([Parameter("a", long.MaxValue / 4), Parameter("b", long.MaxValue / 4)], _device)).Message);

    [Fact]
    public void No_parameters_take_nothing_from_the_device()
    {
        using var region = new ParameterRegion([], _device);
        Assert.Equal(0, region.CapacityBytes);
        Assert.Equal(0, _device.LiveRegions);
    }
}
