namespace Harness.Exercises;

/// <summary>
/// The choices of one question: SplitMix64 (Steele, Lea and Flood 2014), started from the seed, the number of the question and how often it
/// was drawn before. So the tenth question is the same whether ten are asked or twenty, on every machine and with every version of .NET.
/// </summary>
internal sealed class Draw
{
    private const ulong GoldenGamma = 0x9E37_79B9_7F4A_7C15;

    private ulong _state;

    public Draw(long seed, int question, int attempt)
    {
        unchecked
        {
            _state = Mix(Mix(Mix((ulong)seed + GoldenGamma) + (ulong)question) + (ulong)attempt);
        }
    }

    /// <summary>From 0 to <paramref name="limit"/> - 1.</summary>
    public int Below(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        unchecked
        {
            _state += GoldenGamma;
            return (int)Math.BigMul(Mix(_state), (ulong)limit, out _);
        }
    }

    public T OneOf<T>(IReadOnlyList<T> choices) => choices[Below(choices.Count)];

    /// <summary>First a kind, then one of it: what comes twelve times in a model is not asked twelve times as often.</summary>
    public T OneOf<T>(IEnumerable<T> choices, Func<T, string> kind) =>
        OneOf((T[])[.. OneOf(choices.GroupBy(kind, StringComparer.Ordinal).ToArray())]);

    private static ulong Mix(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
            z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
            return z ^ (z >> 31);
        }
    }
}
