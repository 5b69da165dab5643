using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>embedding.ptx: a warp an output row.</summary>
internal static class EmbeddingLauncher
{
    private const int WarpsPerBlock = 4;

    public static void Launch(LaunchTable table, EmbeddingStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        long rows = step.Y.Shape.Rows;
        ReadOnlySpan<ulong> arguments =
        [
            Pointer(addresses, step.Ids), Pointer(addresses, step.Table), Pointer(addresses, step.Y),
            Count(step, rows), Count(step, step.Y.Shape.Last), Count(step, step.Table.Shape[0]),
        ];
        table.Launch("embedding_gather", Grid(step, rows), new Dim3(32, WarpsPerBlock), arguments);
    }

    public static void Launch(LaunchTable table, BertEmbeddingStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        Shape y = step.Y.Shape;
        ReadOnlySpan<ulong> arguments =
        [
            Pointer(addresses, step.Ids), Pointer(addresses, step.TypeIds), Pointer(addresses, step.Word),
            Pointer(addresses, step.Position), Pointer(addresses, step.Type), Pointer(addresses, step.Y),
            Count(step, y.Rows), Count(step, y.Last), Count(step, y[y.Rank - 2]),
            Count(step, step.Word.Shape[0]), Count(step, step.Type.Shape[0]),
        ];
        table.Launch("embedding_bert", Grid(step, y.Rows), new Dim3(32, WarpsPerBlock), arguments);
    }

    private static Dim3 Grid(Step step, long rows) => new(Extent(step, CeilingDivide(rows, WarpsPerBlock)));
}
