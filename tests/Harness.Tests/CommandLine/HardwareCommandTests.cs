using Harness.Kernels.Devices;
using Harness.Kernels.Native;
using Harness.Tests.Doctor;
using Harness.Tests.Shared;
using Harness.Tests.Shared.NativeDouble;
using Harness.Timing;

namespace Harness.Tests.CommandLine;

/// <summary>The verbs on a GPU.</summary>
[Trait(Gpu.Category, Gpu.Needed)]
[Collection(Gpu.Needed)]
public sealed class HardwareCommandTests : CudaCommandTests
{
    internal override NativeSetup Setup => Gpu.Setup;

    private protected override string[] Audited => ["t5-small", "--batch", "2", "--seq", "17"];

    private protected override string[] Computed => ["bert-base", "--seq", "9"];

    [Fact]
    public void Nvml_tells_clocks_and_temperature()
    {
        using CudaDevice device = Gpu.Open();
        using NvmlConditions? conditions = NvmlConditions.Open(Gpu.Api.Nvml, device.Properties.PciBusId, out string? whyNot);
        Assert.True(conditions is not null, whyNot);
        GpuConditions seen = conditions.Read();
        Assert.InRange(seen.SmClockMHz ?? 0, 1, 10_000);
        Assert.InRange(seen.TemperatureCelsius ?? 0, 1, 120);
    }
}

/// <summary>Their rehearsal.</summary>
public sealed class DoubleCommandTests : CudaCommandTests, IDisposable
{
    private readonly FakeGpu _gpu = new();

    internal override NativeSetup Setup => DoctorSetups.Complete(_gpu.Api);

    private protected override string[] Audited => ["mnist-cnn", "--batch", "2"];

    private protected override string[] Computed => ["mnist-cnn", "--batch", "2"];

    public void Dispose()
    {
        Assert.Empty(_gpu.Misuses);
        Assert.Empty(_gpu.Leftovers());
        _gpu.Dispose();
    }
}
