using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Kernels.Reference;

namespace Harness.Kernels.Checks;

/// <summary>
/// The gradients of a convolution: small windows and large ones, strides that leave inputs out, and what the software GPU computes by
/// Winograd's algorithm.
/// </summary>
internal static class ConvolutionBackwardCases
{
    private static readonly ConvolutionShape[] s_shapes =
    [
        new(1, 1, 1, 1, 1, 1, 1, 0, 1), new(2, 3, 14, 14, 8, 3, 3, 1, 1), new(1, 5, 7, 11, 3, 3, 3, 1, 1), new(1, 2, 9, 8, 4, 3, 3, 0, 2),
        new(1, 16, 28, 28, 32, 3, 3, 1, 1), new(2, 4, 5, 5, 6, 5, 5, 2, 1), new(1, 7, 6, 13, 9, 1, 1, 0, 1), new(1, 3, 8, 10, 5, 2, 2, 0, 3),
        new(3, 17, 7, 9, 33, 3, 3, 1, 1), new(1, 20, 6, 5, 18, 3, 3, 0, 1),
    ];

    public static IEnumerable<CheckCase> All(IConvolutionWorkspace workspace, MathMode math)
    {
        foreach (ConvolutionShape shape in s_shapes)
        {
            yield return Weight(workspace, shape, accumulate: false, math);
            yield return Weight(workspace, shape, accumulate: true, math);
            yield return Data(workspace, shape, math);
        }
    }

    /// <summary>
    /// N P Q products and additions and what was there before; as for the forward convolution, the bound of the direct sum serves for
    /// Winograd's too.
    /// </summary>
    private static CheckCase Weight(IConvolutionWorkspace workspace, ConvolutionShape s, bool accumulate, MathMode math)
    {
        var builder = new CaseBuilder(LibraryCases.ConvolutionWeightBackwardEntry, Label(s) + (accumulate ? " added" : ""));
        TensorSpec x = builder.Input("x", 1, s.N, s.C, s.H, s.W), dy = builder.Input("dy", 1, s.N, s.K, s.P, s.Q);
        TensorSpec dw = accumulate ? builder.Input("dw", 3, s.K, s.C, s.R, s.S) : builder.Output("dw", s.K, s.C, s.R, s.S);
        TensorSpec? scratch = Scratch(builder, workspace.WeightBackwardWorkspaceBytes(s));
        double[]? before = accumulate ? builder.Doubles(dw) : null;
        double[] expected = ConvolutionReference.WeightBackward(s, builder.Doubles(x)!, builder.Doubles(dy)!, before);
        double[] magnitude = ConvolutionReference.WeightBackward(
            s, LibraryCases.Magnitudes(builder.Doubles(x)!), LibraryCases.Magnitudes(builder.Doubles(dy)!),
            before is null ? null : LibraryCases.Magnitudes(before));
        double error = LibraryCases.RelativeError(s.N * s.P * s.Q + 2, math);
        return builder.Build(
            new ConvolutionWeightBackwardStep("check", x, dy, dw, scratch, s.Padding, s.Stride, accumulate),
            new Expected(dw, expected, [.. magnitude.Select(size => error * size)]));
    }

    /// <summary>K R S products and additions, likewise. An input that no output reads has the gradient 0, exactly.</summary>
    private static CheckCase Data(IConvolutionWorkspace workspace, ConvolutionShape s, MathMode math)
    {
        var builder = new CaseBuilder(LibraryCases.ConvolutionDataBackwardEntry, Label(s));
        TensorSpec weight = builder.Input("weight", 1, s.K, s.C, s.R, s.S), dy = builder.Input("dy", 1, s.N, s.K, s.P, s.Q);
        TensorSpec dx = builder.Output("dx", s.N, s.C, s.H, s.W);
        TensorSpec? scratch = Scratch(builder, workspace.DataBackwardWorkspaceBytes(s));
        double[] expected = ConvolutionReference.DataBackward(s, builder.Doubles(weight)!, builder.Doubles(dy)!);
        double[] magnitude = ConvolutionReference.DataBackward(
            s, LibraryCases.Magnitudes(builder.Doubles(weight)!), LibraryCases.Magnitudes(builder.Doubles(dy)!));
        double error = LibraryCases.RelativeError(s.K * s.R * s.S + 2, math);
        return builder.Build(
            new ConvolutionDataBackwardStep("check", weight, dy, dx, scratch, s.Padding, s.Stride),
            new Expected(dx, expected, [.. magnitude.Select(size => error * size)]));
    }

    private static string Label(in ConvolutionShape s) =>
        $"[{s.N},{s.C},{s.H},{s.W}] * [{s.K},{s.C},{s.R},{s.S}] padding {s.Padding} stride {s.Stride}";

    private static TensorSpec? Scratch(CaseBuilder builder, long bytes) => bytes == 0 ? null : builder.Workspace("workspace", bytes / 4);
}
