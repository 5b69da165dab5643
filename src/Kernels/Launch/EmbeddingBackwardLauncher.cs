using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>
/// embedding_backward.ptx: a warp a row and 256 columns. Where the ids are the positions, row s of the table gets the rows (b,s) of dY in
/// the order of b, and no id is to be looked for: that is batch_sum of sums.ptx, added to the table's first S rows.
/// </summary>
internal static class EmbeddingBackwardLauncher
{
    private const int WarpsPerBlock = 4;
    private const int TileColumns = 256;

    public static void Launch(LaunchTable table, EmbeddingBackwardStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        Shape dy = step.OutputGradient.Shape;
        if (step.Ids is null)
        {
            SumLauncher.Batch(
                table, step, Pointer(addresses, step.OutputGradient), Pointer(addresses, step.TableGradient), dy[0], dy[1] * dy[2],
                accumulate: true);
            return;
        }

        ReadOnlySpan<ulong> arguments =
        [
            Pointer(addresses, step.Ids), Pointer(addresses, step.OutputGradient), Pointer(addresses, step.TableGradient),
            Count(step, dy.Rows), Count(step, dy.Last), Count(step, step.TableGradient.Shape[0]),
        ];
        var grid = new Dim3(Extent(step, CeilingDivide(dy.Rows, WarpsPerBlock)), Extent(step, CeilingDivide(dy.Last, TileColumns)));
        table.Launch("embedding_backward", grid, new Dim3(32, WarpsPerBlock), arguments);
    }
}
