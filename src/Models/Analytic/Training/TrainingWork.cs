using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic.Training;

/// <summary>
/// Operations of the steps that only a training step has, counted from their definitions as <see cref="RowWork"/> counts the forward ones:
/// arithmetic on floats alone, each value of a definition once. What is added to a gradient's earlier contributions is one addition an
/// element and is counted by <see cref="TrainingAccountBuilder"/>. docs/formulas.md has the table.
/// </summary>
internal static class TrainingWork
{
    /// <summary>A sum over rows, pixels or samples, whichever: an addition for every element summed.</summary>
    public static Work Sum(Formula elements) => Work.Operations(elements);

    /// <summary>
    /// The error signal of a position bias [heads,length,length], summed by buckets: an addition for every element; where causal, for every one whose
    /// key is not after its query, as the others were never in a bucket.
    /// </summary>
    public static Work PositionBiasBackward(Formula heads, Formula length, bool causal) => Work.Operations(
        heads * (causal ? FloorDivide(length * (length + 1), 2) : length * length));

    /// <summary>A comparison with zero; choosing is none.</summary>
    public static Work ReluBackward(Formula elements) => Work.Operations(elements);

    /// <summary>y^2, 1 -, times the error signal.</summary>
    public static Work TanhBackward(Formula elements) => Work.Operations(3 * elements);

    /// <summary>
    /// v = x + bias (1); the distribution (1 + erf(v / sqrt 2)) / 2 (4); the density exp(-v^2 / 2) / sqrt(2 pi) (4); v times the density, their
    /// sum, times the error signal (3).
    /// </summary>
    public static Work BiasGeluBackward(Formula elements) => Work.Operations(12 * elements);

    /// <summary>dY * Y, its sum, dY minus that, times Y; and the scale, where there is one.</summary>
    public static Work SoftmaxBackward(Formula elements, bool scaled) => Work.Operations((scaled ? 5 : 4) * elements);

    /// <summary>
    /// Statistics as in the forward norm: mean (n + 1), centring (n), sum of squares (2n), variance (1), epsilon and reciprocal root (2); then
    /// normalising, times dY, the sum of that, and the sum of dY (4n).
    /// </summary>
    /// <param name="addends">tensors or vectors added to the row beforehand</param>
    public static Work LayerNormParameters(Formula rows, Formula width, long addends = 0) => Work.Operations(rows * ((8 + addends) * width + 4));

    /// <summary>
    /// Statistics (4n + 4); normalising (n), u = dY gamma (n), mean of u (n + 1), mean of u n (2n + 1), n times that (n), two differences (2n),
    /// times the reciprocal root (n).
    /// </summary>
    public static Work LayerNormOperands(Formula rows, Formula width, long addends = 0) => Work.Operations(rows * ((13 + addends) * width + 6));

    /// <summary>Sum of squares (2n), mean (1), epsilon and reciprocal root (2); then normalising, times dY, and the sum of that (3n).</summary>
    public static Work RmsNormParameters(Formula rows, Formula width, long addends = 0) => Work.Operations(rows * ((5 + addends) * width + 3));

    /// <summary>
    /// Sum of squares (2n), mean (1), epsilon and reciprocal root (2); normalising (n), u = dY gamma (n), mean of u n (2n + 1), n times that (n),
    /// the difference (n), times the reciprocal root (n).
    /// </summary>
    /// <param name="addends">tensors added: to the row beforehand, and the error signal of the kept sum to the result</param>
    public static Work RmsNormOperands(Formula rows, Formula width, long addends = 0) => Work.Operations(rows * ((9 + addends) * width + 4));

    /// <summary>An addition for every element of the error signal, into the row of its id.</summary>
    public static Work EmbeddingBackward(Formula elements) => Work.Operations(elements);

    /// <summary>Three comparisons find the first maximum of a window of four again. No two windows overlap, so nothing is added.</summary>
    /// <param name="outputs">of the forward step</param>
    public static Work MaxPool2Backward(Formula outputs) => Work.Operations(3 * outputs);

    /// <summary>Maximum, subtraction, exponential and sum of every element; the logarithm, the maximum again and the label's logit of every row.</summary>
    public static Work CrossEntropy(Formula rows, Formula classes) => Work.Operations(rows * (4 * classes + 3));

    /// <summary>The sum of the rows, and a division.</summary>
    public static Work Mean(Formula rows) => Work.Operations(rows + 1);

    /// <summary>The softmax (5 an element), minus one or zero, times the scale.</summary>
    public static Work CrossEntropyBackward(Formula elements) => Work.Operations(7 * elements);

    /// <summary>[Bias,] times the mask, divided by the probability of being kept. The random numbers are integers.</summary>
    public static Work Dropout(Formula elements, bool bias) => Work.Operations((bias ? 3 : 2) * elements);

    /// <summary>lr g, w minus that.</summary>
    public static Work Sgd(Formula elements) => Work.Operations(2 * elements);

    /// <summary>mu m, plus g; lr m, w minus that.</summary>
    public static Work Momentum(Formula elements) => Work.Operations(4 * elements);

    /// <summary>
    /// The first moment (3), the second (4); both corrected (2), root and epsilon (2), the quotient, times lr, w minus that (3). With weight decay w is
    /// first multiplied by 1 - lr wd (1). What depends on no element is not counted.
    /// </summary>
    public static Work Adam(Formula elements, bool weightDecay) => Work.Operations((weightDecay ? 15 : 14) * elements);
}
