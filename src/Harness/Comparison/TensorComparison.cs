using Harness.Models.Weights;

namespace Harness.Comparison;

/// <summary>One element of a tensor in both files.</summary>
/// <param name="Index">row-major</param>
internal readonly record struct ElementPair(long Index, double Reference, double Value)
{
    /// <summary>0 where both are equal (also the same infinity), otherwise |value - reference|; NaN where either is NaN, and no comparison lets that pass.</summary>
    public double Error => Reference == Value ? 0 : Math.Abs(Value - Reference);
}

/// <summary>One tensor against its reference.</summary>
/// <param name="ReferenceRms">root mean square of the reference's finite elements</param>
/// <param name="MaxAbsoluteError">NaN where any element of either is NaN</param>
/// <param name="FirstDiffering">null where all elements are equal</param>
/// <param name="FirstBeyond">the first element whose error is not within the tolerance; null where all are</param>
internal sealed record TensorComparison(
    SafetensorsEntry Tensor, long Elements, long DifferingElements, double ReferenceRms, double MaxAbsoluteError,
    ElementPair? FirstDiffering, ElementPair? FirstBeyond)
{
    /// <summary>
    /// Largest error in units of the reference's root mean square. Against each element's own size, sums that cancel to near 0 would
    /// count as wrong; against the root mean square the error of a sum keeps its meaning.
    /// </summary>
    public double MaxRelativeError => Relative(MaxAbsoluteError, ReferenceRms);

    public bool Passed => FirstBeyond is null;

    /// <summary>0 for no error; infinite where the root mean square is 0 or too large for f64, so that only equal elements pass.</summary>
    public static double Relative(double error, double rms) => error == 0 ? 0 : double.IsFinite(rms) ? error / rms : double.PositiveInfinity;
}
