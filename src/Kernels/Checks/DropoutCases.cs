using Harness.Kernels.Programs;
using Harness.Kernels.Reference;
using static Harness.Kernels.Checks.CaseBuilder;

namespace Harness.Kernels.Checks;

/// <summary>
/// Dropout: less than four elements, tails of every length, several blocks of 512 (backward 2048), biases of whole pieces and others, in
/// place, seeds of every sign and large streams. Masks are compared bit for bit.
/// </summary>
internal static class DropoutCases
{
    private const long Seed = 0x1234_5678_9ABC_DEF0;

    private static readonly (long Rows, long Columns)[] s_shapes =
        [(1, 1), (1, 2), (3, 1), (1, 7), (5, 5), (3, 130), (4, 128), (7, 768), (33, 37), (2, 3072)];

    public static IEnumerable<CheckCase> All()
    {
        foreach ((long rows, long columns) in s_shapes)
        {
            yield return Forward($"[{rows},{columns}]", rows, columns);
            yield return Forward($"[{rows},{columns}] bias in place", rows, columns, hasBias: true, inPlace: true);
            yield return Backward($"[{rows},{columns}]", rows, columns, inPlace: false);
        }

        yield return Forward("[5,512] bias", 5, 512, hasBias: true);
        yield return Forward("[3,511] in place", 3, 511, inPlace: true);
        yield return Forward("[3,256] bias unaligned", 3, 256, hasBias: true, offsetBytes: 4);
        yield return Forward("[3,256] bytes unaligned", 3, 256, offsetBytes: 1);
        yield return Forward("[3,256] no mask", 3, 256, keepsMask: false);
        yield return Forward("[3,257] no mask in place", 3, 257, inPlace: true, keepsMask: false);
        yield return Forward("[2,1000] a half, seed -2, stream 3000000", 2, 1000, seed: -2, stream: 3000000, probability: 0.5);
        yield return Forward("[1,500] seed 0", 1, 500, seed: 0, stream: 0);
        yield return Forward("[2,1000] almost all dropped", 2, 1000, probability: 1 - 1e-12);
        yield return Forward("[2,1000] almost none dropped", 2, 1000, probability: 1e-300);
        yield return Forward("[9,300] special values", 9, 300, special: true);
        yield return Backward("[1,2048]", 1, 2048, inPlace: false);
        yield return Backward("[7,911] in place", 7, 911, inPlace: true);
        yield return Backward("[4,1024] in place", 4, 1024, inPlace: true);
        yield return Backward("[3,2048] unaligned", 3, 2048, inPlace: false, offsetBytes: 4);
        yield return Backward("[3,2048] bytes unaligned", 3, 2048, inPlace: true, offsetBytes: 1);
        yield return Backward("[9,300] special values", 9, 300, inPlace: false, special: true);
    }

    /// <summary>One rounding of the sum with the bias, at most one of the product.</summary>
    private static CheckCase Forward(
        string label, long rows, long columns, bool hasBias = false, bool inPlace = false, int offsetBytes = 0, long seed = Seed, int stream = 5,
        double probability = 0.1, bool special = false, bool keepsMask = true)
    {
        var builder = new CaseBuilder("dropout", label) { OffsetBytes = offsetBytes };
        TensorSpec x = Values(builder, "x", rows, columns, special);
        TensorSpec? bias = hasBias ? builder.Input("bias", 1, columns) : null;
        TensorSpec seeds = builder.Input("seed", [seed], 1);
        TensorSpec y = inPlace ? x : builder.Output("y", rows, columns);
        TensorSpec? mask = keepsMask ? builder.Mask("mask", rows, columns) : null;
        byte[] kept = DropoutReference.Mask(x.Shape.Elements, seed, stream, probability);
        double[] expected = DropoutReference.Forward(builder.Doubles(x)!, builder.Doubles(bias), kept, probability);
        var step = new DropoutStep("check", x, bias, seeds, y, mask, stream, probability);
        var ofY = new Expected(y, expected, [.. expected.Select(v => 2 * U * Math.Abs(v) + (special ? float.Epsilon : 0))]);
        return mask is null
            ? builder.Build(step, ofY)
            : builder.Build(step, ofY, new Expected(mask, Array.ConvertAll(kept, value => (double)value), new double[kept.Length]));
    }

    /// <summary>One rounding.</summary>
    private static CheckCase Backward(string label, long rows, long columns, bool inPlace, int offsetBytes = 0, bool special = false)
    {
        const double probability = 0.3;
        var builder = new CaseBuilder("dropout_backward", label) { OffsetBytes = offsetBytes };
        TensorSpec dy = Values(builder, "dy", rows, columns, special);
        byte[] kept = DropoutReference.Mask(dy.Shape.Elements, Seed, 2, probability);
        TensorSpec mask = builder.Input("mask", kept, rows, columns);
        TensorSpec dx = inPlace ? dy : builder.Output("dx", rows, columns);
        double[] expected = DropoutReference.Backward(kept, builder.Doubles(dy)!, probability);
        return builder.Build(
            new DropoutBackwardStep("check", mask, dy, dx, probability),
            new Expected(dx, expected, [.. expected.Select(v => U * Math.Abs(v) + (special ? float.Epsilon : 0))]));
    }

    private static TensorSpec Values(CaseBuilder builder, string name, long rows, long columns, bool special)
    {
        float[] values = [float.NaN, float.PositiveInfinity, -0f, float.NegativeInfinity, float.Epsilon, 1e-38f, -1];
        return special
            ? builder.Input(name, [.. Enumerable.Range(0, checked((int)(rows * columns))).Select(i => values[i % values.Length])], rows, columns)
            : builder.Input(name, 3, rows, columns);
    }
}
