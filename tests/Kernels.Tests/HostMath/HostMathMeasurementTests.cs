using System.Collections.Immutable;
using Harness.Kernels.Devices;
using Xunit;

namespace Harness.Kernels.Tests.HostMath;

public class HostMathMeasurementTests
{
    [Fact]
    public void Every_shape_is_checked_and_timed()
    {
        using var pool = new WorkerPool(2);
        ImmutableArray<HostMathRow> rows = HostMathMeasurement.Run(pool, secondsEach: 0);
        Assert.Equal(15, rows.Length);
        Assert.All(rows, row => Assert.True(row is { Milliseconds: > 0, Gflops: > 0, Runs: >= 3 }, row.ToString()));
    }
}
