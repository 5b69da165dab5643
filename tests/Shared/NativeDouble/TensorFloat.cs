namespace Harness.Tests.Shared.NativeDouble;

/// <summary>TF32: an f32 with 10 bits of mantissa instead of 23, which is what tensor cores multiply.</summary>
internal static class TensorFloat
{
    private const int DroppedBits = 13;

    /// <summary>To the nearest, halves away from zero (PTX ISA, "cvt.rna.tf32.f32").</summary>
    public static float Round(float value) => float.IsFinite(value)
        ? BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits(value) + (1u << (DroppedBits - 1))) & ~((1u << DroppedBits) - 1))
        : value;

    public static float[] Round(ReadOnlySpan<float> values) => Array.ConvertAll(values.ToArray(), Round);
}
