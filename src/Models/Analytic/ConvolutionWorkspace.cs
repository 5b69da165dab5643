using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic;

/// <summary>
/// The scratch of one 3x3 convolution, stride 1, padding 1, and of its two gradients: where the caller gives a budget, the budget; else what
/// docs/convolution.md gives for the software GPU.
/// </summary>
internal static class ConvolutionWorkspace
{
    /// <param name="batch">images</param>
    /// <param name="channels">C, in</param>
    /// <param name="filters">K, out</param>
    /// <param name="size">height and width</param>
    /// <param name="budgetBytes">the whole of it is reserved for every convolution, whatever it needs; null: the software GPU's formula</param>
    public static Formula Bytes(long batch, long channels, long filters, long size, long? budgetBytes) =>
        Budget(budgetBytes) ?? (IsTransformed(channels, filters)
            ? Convolution(batch, Symbol("C'", RoundUp(channels, 16)), Symbol("K'", RoundUp(filters, 32)), size)
            : Zero);

    /// <summary>Of the gradient of its input: the convolution of the output's gradient, K channels in and C out.</summary>
    /// <inheritdoc cref="Bytes"/>
    public static Formula DataBackward(long batch, long channels, long filters, long size, long? budgetBytes) =>
        Budget(budgetBytes) ?? (IsTransformed(channels, filters)
            ? Convolution(batch, Symbol("K16", RoundUp(filters, 16)), Symbol("C32", RoundUp(channels, 32)), size)
            : Zero);

    /// <summary>Of the gradient of its weights: transformed tiles of both operands, in whole groups of 16.</summary>
    /// <inheritdoc cref="Bytes"/>
    public static Formula WeightBackward(long batch, long channels, long filters, long size, long? budgetBytes)
    {
        if (Budget(budgetBytes) is { } budget)
        {
            return budget;
        }

        if (!IsTransformed(channels, filters))
        {
            return Zero;
        }

        Formula sides = Symbol("C'", RoundUp(channels, 16)) + Symbol("K'", RoundUp(filters, 32));
        Formula tiles = Tiles(batch, size);
        Formula limit = 16 * Max(1, FloorDivide(4096, sides));
        Formula blocks = CeilingDivide(tiles, limit);
        Formula tilesOfBlock = CeilingDivide(tiles, Symbol("blocks", blocks.Value));
        return 4 * 36 * 16 * CeilingDivide(tilesOfBlock, 16) * sides;
    }

    private static Formula Convolution(long batch, Formula paddedIn, Formula paddedOut, long size)
    {
        Formula tiles = Tiles(batch, size);
        Formula limit = Max(1, FloorDivide(65536, paddedIn));
        Formula blocks = CeilingDivide(tiles, limit);
        Formula transformedInput = 4 * 36 * paddedIn * CeilingDivide(tiles, Symbol("blocks", blocks.Value));

        // Filters are kept in transformed form only where more than one block of tiles uses them.
        return blocks.Value > 1 ? transformedInput + 4 * 36 * paddedIn * paddedOut : transformedInput;
    }

    private static Formula Tiles(long batch, long size) =>
        Symbol("tiles", (Symbol("B", batch) * CeilingDivide(Symbol("H", size), 4) * CeilingDivide(Symbol("W", size), 4)).Value);

    private static Formula? Budget(long? budgetBytes)
    {
        if (budgetBytes is not { } budget)
        {
            return null;
        }

        ArgumentOutOfRangeException.ThrowIfNegative(budget, nameof(budgetBytes));
        return budget == 0 ? Zero : Symbol("workspace", budget);
    }

    /// <summary>Fewer channels on either side are summed directly, without scratch.</summary>
    private static bool IsTransformed(long channels, long filters) => channels >= 16 && filters >= 16;

    private static long RoundUp(long value, long multiple) => checked((value + multiple - 1) / multiple * multiple);
}
