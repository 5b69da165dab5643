namespace Harness.Kernels.Reference;

/// <summary>
/// Philox4x32-10: ten rounds of multiplications, exclusive ors and swaps that turn a counter into four random words, under a key
/// (Salmon, Moraes, Dror and Shaw, Parallel Random Numbers: As Easy as 1, 2, 3, 2011).
/// </summary>
public static class Philox
{
    private const int Rounds = 10;

    /// <summary>The four words of a counter of four words.</summary>
    /// <param name="key">two words</param>
    public static uint[] Words(ReadOnlySpan<uint> counter, ReadOnlySpan<uint> key)
    {
        (uint first, uint second) = (key[0], key[1]);
        uint[] words = counter.ToArray();
        for (int round = 0; round < Rounds; round++)
        {
            ulong even = 0xD2511F53UL * words[0], odd = 0xCD9E8D57UL * words[2];
            words = [High(odd) ^ words[1] ^ first, Low(odd), High(even) ^ words[3] ^ second, Low(even)];
            first = unchecked(first + 0x9E3779B9);
            second = unchecked(second + 0xBB67AE85);
        }

        return words;
    }

    private static uint High(ulong product) => (uint)(product >> 32);

    private static uint Low(ulong product) => (uint)(product & uint.MaxValue);
}
