namespace Harness.Models.Analytic;

/// <summary>
/// Operations of the row-wise steps, counted from their definitions: a sum of n terms is n additions; a comparison, a division, an
/// exponential, a reciprocal square root and an error function are one operation each. docs/formulas.md has the table.
/// </summary>
internal static class RowWork
{
    /// <summary>
    /// Mean (n additions, a division), centring (n), sum of squares (2n), variance (a division), epsilon and reciprocal root (2),
    /// normalising, gain and bias (3n).
    /// </summary>
    /// <param name="addends">tensors or vectors added to the row beforehand</param>
    public static Work LayerNorm(Formula rows, Formula width, long addends = 0) => Work.Operations(rows * ((7 + addends) * width + 4));

    /// <summary>Sum of squares (2n), mean (a division), epsilon and reciprocal root (2), normalising and gain (2n).</summary>
    public static Work RmsNorm(Formula rows, Formula width, long addends = 0) => Work.Operations(rows * ((4 + addends) * width + 3));

    /// <summary>Maximum, subtraction, exponential, sum and division of every element, and what is done to the scores before.</summary>
    /// <param name="before">1 for each of scale, mask and bias</param>
    public static Work Softmax(Formula elements, long before) => Work.Operations((5 + before) * elements);

    /// <summary>Bias, x / sqrt 2, erf, 1 +, times x, times one half.</summary>
    public static Work BiasGelu(Formula elements) => Work.Operations(6 * elements);

    /// <summary>(1 - mask) * lowest.</summary>
    public static Work AdditiveMask(Formula elements) => Work.Operations(2 * elements);
}
