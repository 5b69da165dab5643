using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic;

/// <summary>
/// The scratch of one 3x3 convolution, stride 1, padding 1, forward or backward: where the caller gives a budget, the budget; else what docs/convolution.md
/// gives for the software GPU.
/// </summary>
internal static class ConvolutionWorkspace
{
    /// <param name="batch">images</param>
    /// <param name="channels">C, in</param>
    /// <param name="filters">K, out</param>
    /// <param name="size">height and width</param>
    /// <param name="budgetBytes">the whole of it is reserved for every convolution, whatever it needs; null: the software GPU's formula</param>
    public static Formula Bytes(long batch, long channels, long filters, long size, long? budgetBytes)
    {
        if (budgetBytes is { } budget)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(budget, nameof(budgetBytes));
            return budget == 0 ? Zero : Symbol("workspace", budget);
        }

        if (channels < 16 || filters < 16)
        {
            return Zero;
        }

        Formula paddedChannels = Symbol("C'", RoundUp(channels, 16)), paddedFilters = Symbol("K'", RoundUp(filters, 32));
        Formula tiles = Symbol("B", batch) * CeilingDivide(Symbol("H", size), 4) * CeilingDivide(Symbol("W", size), 4);
        Formula limit = Max(1, FloorDivide(65536, paddedChannels));
        Formula blocks = CeilingDivide(Symbol("tiles", tiles.Value), limit);
        Formula transformedInput = 4 * 36 * paddedChannels * CeilingDivide(Symbol("tiles", tiles.Value), Symbol("blocks", blocks.Value));

        // Filters are kept in transformed form only where more than one block of tiles uses them.
        return blocks.Value > 1 ? transformedInput + 4 * 36 * paddedChannels * paddedFilters : transformedInput;
    }

    /// <summary>
    /// Of the gradient of the weights: both sides' tiles of a block are kept transformed, in groups of 16, and the sums are not. The parameters are those
    /// of the forward convolution.
    /// </summary>
    public static Formula WeightBackwardBytes(long batch, long channels, long filters, long size, long? budgetBytes)
    {
        if (budgetBytes is not null || channels < 16 || filters < 16)
        {
            return Bytes(batch, channels, filters, size, budgetBytes);
        }

        Formula paddedChannels = Symbol("C'", RoundUp(channels, 16)), paddedFilters = Symbol("K'", RoundUp(filters, 32));
        Formula tiles = Symbol("tiles", (Symbol("B", batch) * CeilingDivide(Symbol("H", size), 4) * CeilingDivide(Symbol("W", size), 4)).Value);
        Formula limit = 16 * Max(1, FloorDivide(4096, paddedChannels + paddedFilters));
        Formula ofBlock = CeilingDivide(tiles, Symbol("blocks", CeilingDivide(tiles, limit).Value));
        return 4 * 36 * (paddedChannels + paddedFilters) * (16 * CeilingDivide(ofBlock, 16));
    }

    /// <summary>Of the gradient of the input: the convolution of the K error signals to C, with every filter turned by half a turn.</summary>
    public static Formula DataBackwardBytes(long batch, long channels, long filters, long size, long? budgetBytes) =>
        Bytes(batch, filters, channels, size, budgetBytes);

    private static long RoundUp(long value, long multiple) => checked((value + multiple - 1) / multiple * multiple);
}
