using Harness.Kernels.Checks;
using Harness.Kernels.Devices;
using Harness.Kernels.Ptx;
using Xunit;

namespace Harness.Kernels.Tests.Simulator;

/// <summary>Every kernel against its reference on the software GPU, with all memory checks on.</summary>
public class KernelChecksOnSimulatorTests
{
    public static TheoryData<string> Entries => new(KernelCatalog.Entries.Select(entry => entry.Name));

    [Theory]
    [MemberData(nameof(Entries))]
    public void Entry_agrees_with_its_reference(string entry)
    {
        using var device = new SimulatedDevice(KernelLibrary.Embedded, workers: 2);
        KernelCheckResult[] results = [.. KernelCheck.Run(device, entry)];
        Assert.NotEmpty(results);
        Assert.All(results, result => Assert.True(result.Passed, $"{result.Entry} {result.Shape}: {result.Failure}"));
    }
}
