namespace Harness.Kernels.Launch;

/// <summary>Which numbered version of a family to launch; null leaves the choice to the launcher, per shape.</summary>
public sealed record KernelVersions(
    int? Softmax = null, int? LayerNorm = null, int? RmsNorm = null, int? SoftmaxBackward = null,
    int? LayerNormBackward = null, int? RmsNormBackward = null)
{
    public static KernelVersions Default { get; } = new();
}
