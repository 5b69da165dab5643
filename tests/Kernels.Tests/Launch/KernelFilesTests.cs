using Harness.Kernels.Ptx;
using Xunit;

namespace Harness.Kernels.Tests.Launch;

public class KernelFilesTests
{
    public static TheoryData<string> Files { get; } = [.. KernelLibrary.Embedded.Sources.Select(source => source.Name)];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_kernel_file_parses_and_targets_every_gpu_from_Turing_on(string file)
    {
        PtxModule module = PtxParser.Parse(KernelLibrary.Embedded.Sources.Single(source => source.Name == file));
        PtxVerifier.Verify(module);

        Assert.Equal("sm_75", module.Target);
        Assert.Equal("6.4", module.Version);
        Assert.All(module.Functions, function => Assert.True(function.IsEntry));

        // Without a bound the driver's compiler may give a thread more registers than a block of the launcher's size finds on a
        // multiprocessor (65536), and the launch fails.
        Assert.All(module.Functions, function => Assert.InRange(function.MaxThreads ?? 0, 32, 1024));
    }
}
