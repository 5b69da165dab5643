using System.Runtime.InteropServices;
using Harness.Kernels.Devices;
using Harness.Kernels.Ptx;
using Harness.Tests.Shared;
using Xunit;

namespace Harness.Kernels.Tests.Devices;

/// <summary>What the software GPU's library watches when it computes gradients of a convolution.</summary>
public sealed class SimulatedGradientTests : IDisposable
{
    /// <summary>x [1,16,6,6] * w [16,16,3,3], padding 1: 4 tiles.</summary>
    private static readonly ConvolutionShape s_shape = new(1, 16, 6, 6, 16, 3, 3, 1, 1);

    private readonly SimulatedDevice _device = new(KernelLibrary.Embedded, workers: 1);

    public void Dispose() => _device.Dispose();

    private DevicePointer Room(string name, long bytes)
    {
        DevicePointer region = _device.Allocate(name, bytes);
        _device.BeginBuffer(name, region, bytes);
        return region;
    }

    private DevicePointer Written(string name, long floats)
    {
        DevicePointer region = Room(name, 4 * floats);
        _device.CopyToDevice(region, MemoryMarshal.AsBytes(new float[floats].AsSpan()));
        return region;
    }

    private ConvolutionWeightBackwardCall Weight() => new(
        s_shape, Written("x", 576), Written("dy", 576), Room("dw", 4 * 2304), Room("scratch", HostConvolutionBackward.WeightWorkspaceBytes(s_shape)),
        HostConvolutionBackward.WeightWorkspaceBytes(s_shape), Beta: 0);

    private ConvolutionDataBackwardCall Data() => new(
        s_shape, Written("w", 2304), Written("dy", 576), Room("dx", 4 * 576), Room("scratch", HostConvolutionBackward.DataWorkspaceBytes(s_shape)),
        HostConvolutionBackward.DataWorkspaceBytes(s_shape));

    /// <summary>144 * (16 + 32) * 16 bytes of workspace, 144 * 16 * 4; the account of reads and writes has operands only.</summary>
    [Fact]
    public void Each_operand_is_counted_once_and_the_workspace_not()
    {
        ConvolutionWeightBackwardCall weight = Weight();
        Assert.Equal(110_592, weight.WorkspaceBytes);
        DeviceCounters before = _device.Counters!.Value;
        _device.ConvolutionWeightBackward(weight);
        Assert.Equal(new DeviceCounters(1, 0, 4 * (576 + 576), 4 * 2304), _device.Counters!.Value - before);
        _device.ConvolutionWeightBackward(weight with { Beta = 1 });
        Assert.Equal(new DeviceCounters(2, 0, (4 * 4 * 576) + (4 * 2304), 8 * 2304), _device.Counters!.Value - before);

        ConvolutionDataBackwardCall data = Data();
        Assert.Equal(9216, data.WorkspaceBytes);
        before = _device.Counters!.Value;
        _device.ConvolutionDataBackward(data);
        Assert.Equal(new DeviceCounters(1, 0, 4 * (2304 + 576), 4 * 576), _device.Counters!.Value - before);
    }

    [Fact]
    public void What_cannot_be_is_refused()
    {
        ConvolutionWeightBackwardCall weight = Weight();
        Assert.Equal(
            "the weight gradient workspace needs 110592 bytes, 110588 were handed in",
            Assert.Throws<CallerException>(() => _device.ConvolutionWeightBackward(weight with { WorkspaceBytes = 110_588 })).Message);
        Assert.Equal(
            "the weight gradient of a convolution is written or added to: beta is 0 or 1, not 0.5",
            Assert.Throws<CallerException>(() => _device.ConvolutionWeightBackward(weight with { Beta = 0.5f })).Message);
        Assert.Equal(
            "the data gradient workspace needs 9216 bytes, 0 were handed in",
            Assert.Throws<CallerException>(() => _device.ConvolutionDataBackward(Data() with { WorkspaceBytes = 0 })).Message);

        // Added to what was never written.
        string message = Assert.Throws<CheckFailedException>(() => _device.ConvolutionWeightBackward(Weight() with { Beta = 1 })).Message;
        Assert.Equal("convolution filter gradient dw reads byte 0 of 'dw', which was never written", message);
    }

    [Fact]
    public void A_steady_pass_allocates_no_managed_memory()
    {
        ConvolutionWeightBackwardCall weight = Weight();
        ConvolutionDataBackwardCall data = Data();
        Run();
        Assert.Equal(0, ManagedAllocation.LeastBytesOf(Run));

        void Run()
        {
            _device.ConvolutionWeightBackward(weight);
            _device.ConvolutionDataBackward(data);
        }
    }
}
