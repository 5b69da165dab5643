namespace Harness.Models.Analytic.Training;

/// <summary>The scratch of the three steps of one convolution, bytes each; zero where a step has none.</summary>
internal readonly record struct ConvolutionWorkspaces(Formula Forward, Formula WeightBackward, Formula DataBackward)
{
    /// <inheritdoc cref="ConvolutionWorkspace.Bytes"/>
    public static ConvolutionWorkspaces Of(long batch, long channels, long filters, long size, long? budgetBytes) => new(
        ConvolutionWorkspace.Bytes(batch, channels, filters, size, budgetBytes),
        ConvolutionWorkspace.WeightBackward(batch, channels, filters, size, budgetBytes),
        ConvolutionWorkspace.DataBackward(batch, channels, filters, size, budgetBytes));
}
