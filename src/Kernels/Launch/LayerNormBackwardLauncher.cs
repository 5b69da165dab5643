using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>layernorm_backward.ptx and layernorm_parameters_backward.ptx: version 2 of what goes row by row up to 1024 columns, version 1 beyond.</summary>
internal static class LayerNormBackwardLauncher
{
    /// <summary>Two launches: mean and reciprocal root of each row, then the sums over the rows.</summary>
    public static void Launch(LaunchTable table, LayerNormParametersBackwardStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        long rows = step.X.Shape.Rows, columns = step.X.Shape.Last;
        ReadOnlySpan<ulong> ofRows =
        [
            Pointer(addresses, step.X), Pointer(addresses, step.Bias), Pointer(addresses, step.Residual),
            Pointer(addresses, step.Statistics), Count(step, rows), Count(step, columns), Float(step.Epsilon),
        ];
        LaunchRows(table, step, "layernorm_statistics_v1", "layernorm_statistics_v2", rows, columns, ofRows);

        ReadOnlySpan<ulong> ofColumns =
        [
            Pointer(addresses, step.X), Pointer(addresses, step.Bias), Pointer(addresses, step.Residual),
            Pointer(addresses, step.OutputGradient), Pointer(addresses, step.Statistics), Pointer(addresses, step.GammaGradient),
            Pointer(addresses, step.BetaGradient), Count(step, rows), Count(step, columns), Flag(step.Accumulate),
        ];
        (Dim3 grid, Dim3 block) = ColumnPieces.Blocks(step, rows, columns);
        table.Launch("layernorm_parameters_backward", grid, block, ofColumns);
    }

    public static void Launch(LaunchTable table, LayerNormBackwardStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        long rows = step.X.Shape.Rows, columns = step.X.Shape.Last;
        ReadOnlySpan<ulong> arguments =
        [
            Pointer(addresses, step.X), Pointer(addresses, step.Bias), Pointer(addresses, step.Residual), Pointer(addresses, step.Gamma),
            Pointer(addresses, step.OutputGradient), Pointer(addresses, step.XGradient), Pointer(addresses, step.ResidualGradient),
            Count(step, rows), Count(step, columns), Flag(step.AccumulateResidual), Float(step.Epsilon),
        ];
        LaunchRows(table, step, "layernorm_backward_v1", "layernorm_backward_v2", rows, columns, arguments);
    }

    private static void LaunchRows(
        LaunchTable table, Step step, string ofBlocks, string ofWarps, long rows, long columns, ReadOnlySpan<ulong> arguments) =>
        RowLauncher.Launch(table, step, "layer norm backward", ofBlocks, ofWarps, table.Versions.LayerNormBackward, rows, columns, arguments);
}
