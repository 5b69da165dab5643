using System.Collections.Immutable;

namespace Harness.Models.Analytic.Training;

/// <summary>
/// One step from the published figure to ours: bytes that are counted there and not here (negative), or the other way round.
/// </summary>
public sealed record BridgeTerm(string Name, Formula Formula, string Why)
{
    public long Bytes => Formula.Value;

    internal static BridgeTerm FourBytes(Formula bytes) => new("four_bytes", bytes, "values of four bytes, not two");
}

/// <summary>
/// The activations of one layer as Korthikanti et al. 2022 count them (Reducing Activation Recomputation in Large Transformer Models,
/// section 4): s b h (34 + 5 a s / h) bytes with values of two bytes, masks of one and a feed-forward part of 4 h; with full recomputation
/// 2 s b h, the layer's input. Beside it our bytes of a layer, and every term of the difference.
/// </summary>
/// <param name="Notation">their formula as they write it</param>
/// <param name="Published">the same in our symbols</param>
/// <param name="Bridge">adds up to <paramref name="Ours"/> less <paramref name="Published"/></param>
public sealed record KorthikantiConvention(string Notation, Formula Published, ImmutableArray<BridgeTerm> Bridge, Formula Ours)
{
    /// <summary>Where the bridge ends, in bytes.</summary>
    public long BridgedBytes => Bridge.Aggregate(Published.Value, (sum, term) => checked(sum + term.Bytes));

    /// <param name="states">elements of [B,S,H]</param>
    /// <param name="scores">elements of [B,A,S,S]</param>
    internal static KorthikantiConvention Kept(Formula states, Formula scores, ImmutableArray<BridgeTerm> bridge, Formula ours) =>
        new("s b h (34 + 5 a s / h)", 34 * states + 5 * scores, bridge, ours);

    /// <summary>With full recomputation a layer keeps its input.</summary>
    /// <param name="states">elements of [B,S,H]</param>
    internal static KorthikantiConvention Recomputed(Formula states) =>
        new("2 s b h", 2 * states, [BridgeTerm.FourBytes(2 * states)], AccountBuilder.FloatBytes(states));

    /// <summary>From what is kept on to more.</summary>
    internal KorthikantiConvention Further(ImmutableArray<BridgeTerm> bridge, Formula ours) =>
        this with { Bridge = [.. Bridge, .. bridge], Ours = ours };
}

/// <summary>
/// The convention for those layers of a model that are all alike and that it speaks of: an encoder's but the last, whose result bears no
/// layer's name.
/// </summary>
/// <param name="Layers">their names; buffers of a layer are named <c>LAYER.*</c></param>
/// <param name="Kept">what a layer keeps from the forward pass for the backward pass, which is what they count</param>
/// <param name="Buffers">all buffers of a layer in the arena, whenever they live; its bridge goes on where that of <paramref name="Kept"/> ends</param>
public sealed record PublishedLayers(ImmutableArray<string> Layers, KorthikantiConvention Kept, KorthikantiConvention Buffers)
{
    internal static ImmutableArray<string> AllButTheLast(string prefix, long layers)
    {
        var names = ImmutableArray.CreateBuilder<string>();
        for (long i = 0; i < layers - 1; i++)
        {
            names.Add($"{prefix}.{i}");
        }

        return names.ToImmutable();
    }
}
