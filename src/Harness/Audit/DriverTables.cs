using System.Collections.Immutable;
using Harness.Kernels.Devices;
using Harness.Passes;
using Harness.Reporting;

namespace Harness.Audit;

/// <summary>What the driver and the libraries say of one configuration on a GPU.</summary>
internal static class DriverTables
{
    public static ReportTable Stages(GpuPass gpu)
    {
        DriverAccount driver = gpu.Driver;
        string own = string.Join(", ", gpu.Own.Select(allocation => $"{allocation.Name} {Quantities.Bytes(allocation.Bytes)}"));
        return new ReportTable(
            "The driver's memory (bytes)",
            ["stage", "free before", "free after", "taken", "requested", "unattributed"],
            [
                .. driver.Stages.Select(stage => Row(
                    stage.Name, stage.FreeBeforeBytes, stage.FreeAfterBytes, stage.TakenBytes, stage.RequestedBytes, stage.UnattributedBytes)),
                Row("between stages", null, null, driver.BetweenStagesBytes, null, driver.BetweenStagesBytes),
                Row(
                    "all", driver.BeforeBytes, driver.AfterBytes, driver.BeforeBytes - driver.AfterBytes, driver.RequestedBytes,
                    driver.UnaccountedBytes),
            ],
            "Requested is what this program asked the driver for; unattributed is the rest of the change: "
            + (driver.Since == DriverAccount.ContextStage ? "the context, " : "")
            + "what libraries and modules take for themselves, granularity, other processes. "
            + $"The device's own allocations: {own}. {SecondPass(driver)}");
    }

    public static ReportTable Convolutions(ImmutableArray<ConvolutionChoice> choices) => new(
        "Convolutions as the library chose them",
        ["x", "filters", "pass", "algorithm", "needs (bytes)", "has (bytes)"],
        [.. choices.Select(choice => ImmutableArray.Create(
            $"[{choice.Shape.N},{choice.Shape.C},{choice.Shape.H},{choice.Shape.W}]",
            $"[{choice.Shape.K},{choice.Shape.C},{choice.Shape.R},{choice.Shape.S}]",
            PassOf(choice), choice.Algorithm, Quantities.Bytes(choice.NeededBytes), Quantities.Bytes(choice.BudgetBytes)))],
        "What an algorithm needs of its workspace is the library's word; the account has what it was given.", TextColumns: 4);

    internal static string PassOf(ConvolutionChoice choice) => choice.Pass switch
    {
        ConvolutionPass.Forward => "forward",
        ConvolutionPass.WeightBackward => "weight gradient",
        ConvolutionPass.DataBackward => "data gradient",
        _ => throw new ArgumentOutOfRangeException(nameof(choice), choice.Pass, null),
    };

    /// <summary>One row a configuration of a sweep; no rows on devices that are not a GPU.</summary>
    public static ReportTable Sweep(ImmutableArray<CellResult> cells) => new(
        "The driver's memory, by configuration (bytes)",
        ["configuration", "free before", "free after", "requested", "unaccounted", "moved by a second pass", "passes to see it"],
        [.. cells.Where(cell => cell.Audit.Gpu is not null).Select(cell => SweepRow(cell.Cell.Configuration, cell.Audit.Gpu!.Driver))],
        "Requested is what this program holds of the driver: parameters, arena, workspace of cuBLAS. Unaccounted is what is gone beyond that: "
        + "the context, what libraries and modules take for themselves, granularity, other processes. It is never folded into another number.");

    private static ImmutableArray<string> SweepRow(Configuration configuration, DriverAccount driver) => Row(
        configuration.ToString(), driver.BeforeBytes, driver.AfterBytes, driver.RequestedBytes, driver.UnaccountedBytes,
        driver.LastStageMovedBytes, driver.FurtherPasses);

    private static string SecondPass(DriverAccount driver) => driver.LastStageMovedBytes switch
    {
        0 when driver.FurtherPasses == 1 => "A second pass moved nothing.",
        0 => $"Pass {driver.FurtherPasses} over memory that was already there moved nothing; before it, free memory moved.",
        null => "Whether a second pass moved anything is not known.",
        _ => $"Each of {driver.FurtherPasses} passes over memory that was already there moved free memory.",
    };

    private static ImmutableArray<string> Row(string name, params ReadOnlySpan<long?> bytes)
    {
        var cells = ImmutableArray.CreateBuilder<string>(bytes.Length + 1);
        cells.Add(name);
        foreach (long? count in bytes)
        {
            cells.Add(Quantities.Bytes(count));
        }

        return cells.MoveToImmutable();
    }
}
