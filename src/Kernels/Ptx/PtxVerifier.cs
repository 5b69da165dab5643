namespace Harness.Kernels.Ptx;

/// <summary>Judges a parsed module before it may run.</summary>
public static class PtxVerifier
{
    public static void Verify(PtxModule module) => ArgumentNullException.ThrowIfNull(module);
}
