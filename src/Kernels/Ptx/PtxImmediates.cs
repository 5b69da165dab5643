namespace Harness.Kernels.Ptx;

/// <summary>What an immediate means as a value of a type.</summary>
public static class PtxImmediates
{
    public static bool IsFloat(this PtxType type) =>
        type is PtxType.F16 or PtxType.F16X2 or PtxType.BF16 or PtxType.BF16X2 or PtxType.F32 or PtxType.F64;

    /// <summary>
    /// The immediate's bits as an instruction of that type reads them: floating-point literals take the type's own format, rounded to
    /// nearest even (PTX ISA, section "Floating-Point Constants"); integers keep their low bits for integer and bit types, and become the nearest
    /// number for floating-point types.
    /// </summary>
    public static ulong BitsAs(this PtxImmediateOperand immediate, PtxType type) =>
        immediate.Kind == PtxImmediateKind.Integer && !type.IsFloat() ? Low(immediate.Bits, type) : FloatBits(immediate, type);

    internal static ulong FloatBits(PtxImmediateOperand immediate, PtxType type)
    {
        // An exact literal of the same width is taken bit for bit: a NaN keeps its payload.
        if ((immediate.Kind == PtxImmediateKind.F32 && type is PtxType.F32 or PtxType.B32 or PtxType.U32 or PtxType.S32)
            || (immediate.Kind == PtxImmediateKind.F64 && type is PtxType.B64 or PtxType.U64 or PtxType.S64))
        {
            return immediate.Bits;
        }

        double value = immediate.Kind switch
        {
            PtxImmediateKind.F32 => BitConverter.UInt32BitsToSingle((uint)immediate.Bits),
            PtxImmediateKind.F64 => BitConverter.UInt64BitsToDouble(immediate.Bits),
            _ => (long)unchecked((long)immediate.Bits),
        };
        return type switch
        {
            PtxType.F32 or PtxType.B32 or PtxType.U32 or PtxType.S32 => BitConverter.SingleToUInt32Bits((float)value),
            PtxType.F16 or PtxType.B16 => BitConverter.HalfToUInt16Bits((Half)value),
            PtxType.BF16 => BFloat16Bits((float)value),
            _ => immediate.Kind == PtxImmediateKind.F64 ? immediate.Bits : BitConverter.DoubleToUInt64Bits(value),
        };
    }

    private static ulong Low(ulong bits, PtxType type) => type == PtxType.Pred ? bits & 1 : type.SizeBytes() switch
    {
        1 => bits & 0xFF,
        2 => bits & 0xFFFF,
        4 => bits & 0xFFFF_FFFF,
        _ => bits,
    };

    /// <summary>The upper half of an f32, rounded to nearest even; a NaN stays one.</summary>
    private static ulong BFloat16Bits(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? 0x7FFF : unchecked(bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    }
}
