namespace Harness.Models.Tests.Oracles.Training;

/// <summary>
/// The counter-based generator Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3").
/// </summary>
internal static class Philox
{
    private const int Rounds = 10;
    private const ulong Multiplier0 = 0xD251_1F53, Multiplier1 = 0xCD9E_8D57;

    /// <summary>What the key grows by between rounds: the golden ratio and sqrt(3) - 1, as fractions of 2^32.</summary>
    private const uint Weyl0 = 0x9E37_79B9, Weyl1 = 0xBB67_AE85;

    /// <summary>Four words that depend on counter and key alone.</summary>
    public static (uint W0, uint W1, uint W2, uint W3) Words(
        (uint C0, uint C1, uint C2, uint C3) counter, (uint K0, uint K1) key)
    {
        unchecked
        {
            for (int round = 0; round < Rounds; round++)
            {
                ulong product0 = Multiplier0 * counter.C0, product1 = Multiplier1 * counter.C2;
                counter = (
                    (uint)(product1 >> 32) ^ counter.C1 ^ key.K0, (uint)product1,
                    (uint)(product0 >> 32) ^ counter.C3 ^ key.K1, (uint)product0);
                key = (key.K0 + Weyl0, key.K1 + Weyl1);
            }
        }

        return counter;
    }
}
