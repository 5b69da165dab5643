using CsCheck;

namespace Harness.Kernels.Tests.Memory;

/// <summary>Property tests that draw the same instances on every run: CsCheck's own sampling is seeded for its first instance only.</summary>
internal static class Seeded
{
    public static void ForEach<T>(this Gen<T> gen, int instances, Action<T> property)
    {
        for (int i = 0; i < instances; i++)
        {
            T instance = gen.Generate(new PCG(stream: 1, seed: (ulong)i), null, out _);
            try
            {
                property(instance);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"instance {i}: {e.Message}", e);
            }
        }
    }
}
