using System.Collections.Immutable;

namespace Harness.Acceptance;

/// <summary>A family of kernels that is wanted at a share of the measured bandwidth of a copy, at shapes far above any cache.</summary>
/// <param name="Family">its entries are this, or this with a version's number</param>
/// <param name="Share">of the copy's bandwidth; the bytes are the compulsory ones, each operand once</param>
/// <param name="Beside">another family whose entries are timed with this one as one step; null where there is none</param>
internal sealed record KernelTarget(string Family, double Share, string? Beside = null)
{
    /// <summary>What a kernel is to reach that reads every operand once and writes every result once.</summary>
    private const double Streaming = 0.9;

    /// <summary>
    /// The gradients of a norm's parameters are two launches: the first reads the terms of each row's sum for its statistics, the second reads
    /// them again with the error signal. At operands larger than any cache they come from memory twice. As BERT has it (x and residual, then x,
    /// residual and dy) 5 operands are moved where 3 are compulsory; as T5 has it (the kept sum, then that and dy) 3 where 2 are. At 90 % of a
    /// copy's speed this share of it is left for the compulsory bytes.
    /// </summary>
    private const double LayerNormParameters = Streaming * 3 / 5;
    private const double RmsNormParameters = Streaming * 2 / 3;

    public static ImmutableArray<KernelTarget> All { get; } =
    [
        new("softmax", Streaming),
        new("layernorm", Streaming),
        new("rmsnorm", Streaming),
        new("softmax_backward", Streaming),
        new("layernorm_backward", Streaming),
        new("rmsnorm_backward", Streaming),
        new("layernorm_parameters_backward", LayerNormParameters, Beside: "layernorm_statistics"),
        new("rmsnorm_parameters_backward", RmsNormParameters, Beside: "rmsnorm_statistics"),
    ];

    /// <param name="entry">of the kernel catalog; null for what is no kernel</param>
    public bool Has(string? entry) => IsOf(Family, entry) || (Beside is not null && IsOf(Beside, entry));

    /// <summary><c>softmax_v2</c> is of softmax, <c>softmax_backward_v2</c> is not.</summary>
    private static bool IsOf(string family, string? entry) => entry == family
        || (entry is not null && entry.StartsWith(family + "_v", StringComparison.Ordinal) && entry[(family.Length + 2)..].All(char.IsAsciiDigit));
}
