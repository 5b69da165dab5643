namespace Harness.Models.Tests.WholeModels.Training;

/// <summary>How far a computed training step may be from the oracle's.</summary>
/// <param name="OfLoss">relative, or absolute where the loss is below 1</param>
/// <param name="OfTensor">of a gradient, relative to its largest element</param>
/// <param name="OfModel">of a gradient, added to that: relative to the largest element of all gradients</param>
/// <param name="OfWeight">of an updated weight, relative to what it was</param>
/// <param name="OfChange">likewise, added to that: relative to the change</param>
/// <param name="OfState">relative to the state's largest element</param>
internal sealed record Tolerances(double OfLoss, double OfTensor, double OfModel, double OfWeight, double OfChange, double OfState)
{
    /// <summary>
    /// Of a gradient some hundred units of roundoff (6e-8), for sums of some hundred products through a dozen layers and back. Of a weight a few
    /// roundings; of the change a few more, and those of the device's division and root.
    /// </summary>
    public static Tolerances SinglePrecision { get; } = new(OfLoss: 2e-6, OfTensor: 1e-4, OfModel: 3e-6, OfWeight: 1.3e-7, OfChange: 1e-5, OfState: 1e-6);

    /// <summary>A few constants of the steps are f32 all the same, scales and Adam's corrections: 6e-8, through a dozen layers. Nothing else is rounded.</summary>
    public static Tolerances DoublePrecision { get; } = new(OfLoss: 2e-7, OfTensor: 1e-6, OfModel: 1e-9, OfWeight: 1e-15, OfChange: 1e-6, OfState: 1e-14);
}
