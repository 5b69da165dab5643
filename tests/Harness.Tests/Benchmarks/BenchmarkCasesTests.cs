using Harness.Benchmarks;
using Harness.Kernels.Checks;
using Harness.Kernels.Devices;

namespace Harness.Tests.Benchmarks;

public sealed class BenchmarkCasesTests
{
    private static MeasuredCase[] Of(string group)
    {
        using var device = new NullDevice();
        return [.. BenchmarkRuns.CasesOf(group, graph: true, device)];
    }

    [Theory]
    [InlineData("conv")]
    [InlineData("gemm")]
    [InlineData("kernels")]
    [InlineData("models")]
    [InlineData("training")]
    public void Names_are_unlike_and_entries_are_of_the_catalog(string group)
    {
        MeasuredCase[] cases = Of(group);
        Assert.Equal(cases.Length, cases.Select(measured => measured.Name).Distinct().Count());
        Assert.All(cases, measured =>
        {
            Assert.True(measured.Cost.Bytes > 0 && measured.SetBytes > 0);
            Assert.True(measured.Entry is null || KernelCatalog.Find(measured.Entry).Name == measured.Entry);
        });
    }

    [Fact]
    public void Every_ptx_entry_is_timed()
    {
        HashSet<string?> timed = [.. Of("kernels").Select(measured => measured.Entry)];
        Assert.All(KernelCatalog.Entries.Where(entry => entry.File is not null), entry => Assert.Contains(entry.Name, timed));
    }

    [Fact]
    public void All_versions_of_the_rowwise_kernels_are_timed_at_shapes_far_above_any_cache()
    {
        string[] large = [.. Of("kernels").Where(measured => measured.SetBytes > 256 << 20).Select(measured => measured.Entry!)];
        Assert.All(
            (string[])["softmax_v1", "softmax_v2", "softmax_v3", "layernorm_v1", "layernorm_v2", "layernorm_v3", "rmsnorm_v1", "rmsnorm_v2"],
            entry => Assert.Contains(entry, large));
    }

    [Fact]
    public void The_13_convolutions_of_vgg16_are_there() => Assert.Equal(13, Of("conv").Count(measured => measured.Name.StartsWith("vgg16 ", StringComparison.Ordinal)));
}
