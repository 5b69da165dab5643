using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic;

/// <summary>The forward steps that the convolutional networks share; each returns what the layer after it needs to know.</summary>
internal static class ImageLayers
{
    /// <summary>
    /// A 3 x 3 "same" convolution of C channels to K, bias and ReLU fused in. Nine taps of every channel at every pixel of every filter, and an
    /// addition and a comparison for every output.
    /// </summary>
    /// <param name="workspace">bytes; zero: none is declared</param>
    public static void Convolution(
        AccountBuilder account, string layer, string output, Formula b, Formula c, Formula k, Formula height, Formula width, Formula workspace)
    {
        Formula reads = b * c * height * width, writes = b * k * height * width, weights = 9 * k * c;
        account.Parameter($"{layer}.weight", weights);
        account.Parameter($"{layer}.bias", k);
        account.Activation(output, writes);
        if (workspace.Value > 0)
        {
            account.Workspace($"{layer}.workspace", workspace);
        }

        account.Step(output, new Work(b * weights * height * width, 2 * writes),
            reads: FloatBytes(reads) + FloatBytes(weights) + FloatBytes(k), writes: FloatBytes(writes));
    }

    /// <summary>A 2 x 2 max pool. A last odd row and column lie in no window. Returns the elements of the output.</summary>
    public static Formula MaxPool(AccountBuilder account, string output, Formula b, Formula c, Formula height, Formula width)
    {
        Formula writes = b * c * FloorDivide(height, 2) * FloorDivide(width, 2);
        account.Activation(output, writes, Work.Operations(3 * writes), reads: FloatBytes(4 * writes));
        return writes;
    }

    /// <summary>
    /// Averages of a 7 x 7 grid of windows, or backward their share for every element: an addition for each element of each window, and a
    /// division for each window. Window i takes rows floor(i*H/7) to ceil((i+1)*H/7): all rows once, and one row more for each inner border that
    /// falls inside a row.
    /// </summary>
    /// <param name="size">height and width</param>
    public static Work AdaptiveAveragePool(Formula b, Formula c, long size, Formula pooled)
    {
        Formula rows = Symbol("(H + 7 - gcd(H, 7))", size + 7 - Gcd(size, 7));
        Formula columns = Symbol("(W + 7 - gcd(W, 7))", size + 7 - Gcd(size, 7));
        return Work.Operations(b * c * rows * columns + pooled);
    }

    private static long Gcd(long a, long b) => b == 0 ? a : Gcd(b, a % b);
}
