using Harness.Kernels.Devices;
using Harness.Models.Analytic;
using Xunit;

namespace Harness.Models.Tests.Analytic;

/// <summary>The formulas of docs/convolution.md as the account has them, against what the software GPU asks for.</summary>
public sealed class ConvolutionWorkspaceTests
{
    /// <summary>Around 16 and 32, where padding and the choice of the algorithm change, and where blocks get few tiles.</summary>
    private static readonly long[] s_channels = [1, 3, 15, 16, 17, 31, 32, 33, 48, 64, 100, 128, 256, 512, 1000, 5000, 70000];

    private static readonly long[] s_sizes = [1, 3, 4, 5, 7, 14, 17, 28, 56, 112, 224];

    [Fact]
    public void Formula_and_device_agree_on_every_convolution()
    {
        int compared = 0;
        foreach (long batch in (long[])[1, 2, 7, 32])
        {
            foreach (long channels in s_channels)
            {
                foreach (long filters in s_channels)
                {
                    foreach (long size in s_sizes)
                    {
                        var shape = new ConvolutionShape(batch, channels, size, size, filters, 3, 3, 1, 1);
                        Assert.Equal(HostConvolution.WorkspaceBytes(shape), ConvolutionWorkspace.Bytes(batch, channels, filters, size, null).Value);
                        Assert.Equal(
                            HostConvolutionBackward.WeightWorkspaceBytes(shape), ConvolutionWorkspace.WeightBackward(batch, channels, filters, size, null).Value);
                        Assert.Equal(
                            HostConvolutionBackward.DataWorkspaceBytes(shape), ConvolutionWorkspace.DataBackward(batch, channels, filters, size, null).Value);
                        compared++;
                    }
                }
            }
        }

        Assert.Equal(4 * 17 * 17 * 11, compared);
    }

    /// <summary>VGG16's second convolution of the second stage backwards: 128 channels in, 128 out, 112 x 112, worked by hand.</summary>
    [Fact]
    public void The_formulas_are_those_of_the_page()
    {
        // 784 tiles; 128 + 128 channels, so at most 256 tiles a block: 4 blocks of 196, in groups of 16: 208.
        Formula weight = ConvolutionWorkspace.WeightBackward(1, 128, 128, 112, null);
        Assert.Equal(144 * 208 * 256, weight.Value);
        Assert.Equal("2304*ceil(ceil(tiles/blocks)/16)*(C' + K')", weight.ToString());
        Assert.Equal("2304*ceil(ceil(784/4)/16)*(128 + 128)", weight.WithNumbers());

        // 512 tiles a block at most: 2 blocks of 392, and the filters.
        Formula data = ConvolutionWorkspace.DataBackward(1, 64, 128, 112, null);
        Assert.Equal(144 * 128 * 392 + 144 * 128 * 64, data.Value);
        Assert.Equal("144*K16*ceil(tiles/blocks) + 144*K16*C32", data.ToString());
    }

    [Fact]
    public void With_a_budget_each_of_the_three_has_it()
    {
        Func<long, long, long, long, long?, Formula>[] all = [ConvolutionWorkspace.Bytes, ConvolutionWorkspace.WeightBackward, ConvolutionWorkspace.DataBackward];
        foreach (Func<long, long, long, long, long?, Formula> formula in all)
        {
            Assert.Equal("workspace", formula(2, 3, 64, 224, 1 << 20).ToString());
            Assert.Equal(1 << 20, formula(2, 64, 64, 224, 1 << 20).Value);
            Assert.Equal(0, formula(2, 64, 64, 224, 0).Value);
            Assert.Throws<ArgumentOutOfRangeException>(() => formula(2, 64, 64, 224, -1));
        }

        using var device = new NullDevice(1 << 20);
        var shape = new ConvolutionShape(1, 3, 8, 8, 4, 3, 3, 1, 1);
        Assert.Equal((1 << 20, 1 << 20, 1 << 20), (device.WorkspaceBytes(shape), device.WeightBackwardWorkspaceBytes(shape), device.DataBackwardWorkspaceBytes(shape)));
        using var planner = new NullDevice();
        var large = new ConvolutionShape(1, 64, 112, 112, 128, 3, 3, 1, 1);
        Assert.Equal(HostConvolutionBackward.WeightWorkspaceBytes(large), planner.WeightBackwardWorkspaceBytes(large));
        Assert.Equal(HostConvolutionBackward.DataWorkspaceBytes(large), planner.DataBackwardWorkspaceBytes(large));
    }
}
