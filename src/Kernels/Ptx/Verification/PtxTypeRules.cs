namespace Harness.Kernels.Ptx;

/// <summary>When a register or a constant may stand where an instruction wants a type (PTX ISA, sections "Type Information" and "Operand Size").</summary>
internal static class PtxTypeRules
{
    private static bool IsBits(PtxType type) => type is PtxType.B8 or PtxType.B16 or PtxType.B32 or PtxType.B64 or PtxType.B128;

    private static bool IsInteger(PtxType type) => !IsBits(type) && !type.IsFloat() && type != PtxType.Pred;

    /// <summary>Same size, and the same kind; untyped bits agree with every kind, signed with unsigned.</summary>
    public static bool Agree(PtxType register, PtxType wanted)
    {
        if (register == wanted || register == PtxType.Pred || wanted == PtxType.Pred)
        {
            return register == wanted;
        }

        return register.SizeBytes() == wanted.SizeBytes() && (IsBits(register) || IsBits(wanted) || (IsInteger(register) && IsInteger(wanted)));
    }

    /// <summary>As <see cref="Agree"/>, or the register is wider and not floating-point (floating-point values want a register of bits then).</summary>
    public static bool AgreeOrWider(PtxType register, PtxType wanted)
    {
        if (register == PtxType.Pred || wanted == PtxType.Pred)
        {
            return register == wanted;
        }

        bool wider = register.SizeBytes() > wanted.SizeBytes() && (IsBits(register) || (IsInteger(register) && !wanted.IsFloat()));
        return wider || Agree(register, wanted);
    }

    /// <summary>
    /// Integers for integers, bits and predicates; floating-point literals for floating-point types and for bits of their size. f16 and bf16 have no literals.
    /// </summary>
    public static bool Agree(PtxImmediateKind constant, PtxType wanted)
    {
        if (constant == PtxImmediateKind.Integer)
        {
            return !wanted.IsFloat();
        }

        return wanted is PtxType.F32 or PtxType.F64
            || (wanted == PtxType.B32 && constant == PtxImmediateKind.F32)
            || (wanted == PtxType.B64 && constant == PtxImmediateKind.F64);
    }
}
