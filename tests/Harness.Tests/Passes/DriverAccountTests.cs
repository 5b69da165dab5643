using System.Collections.Immutable;
using Harness.Kernels.Devices;
using Harness.Passes;

namespace Harness.Tests.Passes;

/// <summary>Sums over scripted readings, worked out by hand. In MiB, unless a test is about single bytes.</summary>
public sealed class DriverAccountTests
{
    private const long MiB = 1 << 20;

    private static MemoryStage Stage(string name, long? before, long? after, long requested = 0) =>
        new(name, before * MiB, after * MiB, requested * MiB);

    /// <summary>The management library counts 40 MiB less than the driver throughout: system's reserve.</summary>
    private static readonly ImmutableArray<MemoryStage> s_run =
    [
        Stage("context", 7960, 7660),
        Stage("libraries", 7700, 7600, 32),
        Stage("modules", 7600, 7590),
        Stage("parameters", 7590, 7172, 417),
        Stage("arena", 7172, 7158, 14),
        Stage("first pass", 7158, 7100),
        Stage("second pass", 7100, 7100),
    ];

    [Fact]
    public void Everything_that_is_gone_is_requested_or_unaccounted()
    {
        var driver = new DriverAccount(s_run, 1);
        Assert.Equal("context", driver.Since);
        Assert.Equal(8000 * MiB, driver.BeforeBytes); // 7700 by the driver, and the context's 300
        Assert.Equal(7100 * MiB, driver.AfterBytes);
        Assert.Equal(463 * MiB, driver.RequestedBytes);
        Assert.Equal(437 * MiB, driver.UnaccountedBytes); // 300 context, 68 libraries, 10 modules, 1 granularity, 58 first pass
        Assert.Equal(0, driver.BetweenStagesBytes);
        Assert.Equal(0, driver.LastStageMovedBytes);
        Assert.Equal(driver.BeforeBytes - driver.AfterBytes, driver.RequestedBytes + driver.UnaccountedBytes);
        Assert.Empty(driver.Warnings);
    }

    [Fact]
    public void Without_a_management_library_the_context_is_not_known_and_nothing_is_guessed()
    {
        var driver = new DriverAccount(s_run.SetItem(0, Stage("context", null, null)), 1);
        Assert.Equal("libraries", driver.Since);
        Assert.Equal(7700 * MiB, driver.BeforeBytes);
        Assert.Equal(137 * MiB, driver.UnaccountedBytes);
        Assert.Equal(0, driver.BetweenStagesBytes);
    }

    [Fact]
    public void What_goes_between_two_stages_is_said_apart()
    {
        // Another process takes 5 before the arena; a configuration that ran before left 9 of the libraries' behind.
        ImmutableArray<MemoryStage> stages = [.. s_run.Select((stage, i) => i < 4 ? stage : stage with
        {
            FreeBeforeBytes = stage.FreeBeforeBytes - 14 * MiB, FreeAfterBytes = stage.FreeAfterBytes - 14 * MiB,
        })];
        var driver = new DriverAccount(stages, 1);
        Assert.Equal(14 * MiB, driver.BetweenStagesBytes);
        Assert.Equal(451 * MiB, driver.UnaccountedBytes);
    }

    [Fact]
    public void Memory_that_others_give_back_makes_the_unaccounted_negative_and_is_not_clamped()
    {
        var driver = new DriverAccount([Stage("context", null, null), Stage("libraries", 100, 90, 4), Stage("second pass", 190, 190)], 1);
        Assert.Equal(-94 * MiB, driver.UnaccountedBytes);
        Assert.Equal(-100 * MiB, driver.BetweenStagesBytes);
    }

    [Fact]
    public void A_byte_that_the_last_stage_moves_is_seen()
    {
        Assert.Equal(1, new DriverAccount([new("second pass", 1000, 999, 0)], 3).LastStageMovedBytes);
        Assert.Equal(-1, new DriverAccount([new("second pass", 999, 1000, 0)], 3).LastStageMovedBytes);
    }

    [Fact]
    public void Nothing_is_known_of_nothing()
    {
        var driver = new DriverAccount([], 0);
        Assert.Null(driver.Since);
        Assert.Null(driver.BeforeBytes);
        Assert.Null(driver.UnaccountedBytes);
        Assert.Null(driver.LastStageMovedBytes);
    }

    [Theory]
    [InlineData(4000, 3500, 500, 0)] // paid in full
    [InlineData(4000, 3498, 500, 0)] // and granularity
    [InlineData(4000, 4000, 1, 0)] // a small one inside a granule that was there
    [InlineData(4000, 3502, 500, 0)] // within a granule
    [InlineData(4000, 3503, 500, 3)] // beyond it
    [InlineData(400, 0, 500, 100)] // more than there was
    [InlineData(400, 350, 500, 450)] // almost all of it elsewhere
    [InlineData(4000, 4500, 500, 1000)] // others gave back more than was taken: the line says that it may be so
    [InlineData(0, 0, 500, 500)]
    [InlineData(4000, 4100, 0, 0)] // nothing was asked for
    public void A_grant_that_free_memory_did_not_pay_for_is_a_spill(long before, long after, long requested, long spilled) =>
        Assert.Equal(spilled * MiB, DriverAccount.SpilledBytes(Stage("arena", before, after, requested)));

    [Fact]
    public void A_spill_is_said_in_one_line_with_its_stage_and_bytes()
    {
        ImmutableArray<string> warnings = new DriverAccount(s_run.SetItem(4, Stage("arena", 7172, 7172, 14)), 1).Warnings;
        string warning = Assert.Single(warnings);
        Assert.StartsWith($"{14 * MiB} bytes of 'arena' did not come from this GPU's free memory", warning, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', warning);
        Assert.Equal(0, DriverAccount.SpilledBytes(new MemoryStage("arena", null, 5, 100 * MiB)));
    }
}
