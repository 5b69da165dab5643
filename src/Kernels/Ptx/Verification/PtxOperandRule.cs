namespace Harness.Kernels.Ptx;

public enum PtxOperandKind
{
    /// <summary>A register or a constant; a destination is a register.</summary>
    Value,

    /// <summary>A constant only.</summary>
    Immediate,

    /// <summary><c>[base+offset]</c></summary>
    Address,

    /// <summary>What <c>mov</c> takes: a value, a variable's address, or a vector that is packed or unpacked.</summary>
    Pack,

    /// <summary>What <c>cvta</c> takes: a register or a variable's address.</summary>
    Pointer,
    Label,
    Labels,

    /// <summary>All operands of a <c>call</c>.</summary>
    Call,
}

/// <summary>What one operand of a form may be; the notation is that of <see cref="PtxInstructionTable"/>.</summary>
/// <param name="TypeName"><c>T</c>, <c>U</c>, <c>W</c> or a type; empty where the kind has none</param>
/// <param name="TakesWider">a register wider than the type will do (relaxed type checking of ld, st and cvt)</param>
/// <param name="TakesVector">with <c>.v2</c> or <c>.v4</c> a vector</param>
/// <param name="TakesPredicateToo">a pair whose second is a predicate may stand here</param>
public sealed record PtxOperandRule(
    PtxOperandKind Kind, string TypeName, bool IsDestination, bool TakesWider, bool TakesVector, bool TakesPredicateToo, bool TakesNegated, bool IsOptional)
{
    internal static PtxOperandRule Parse(string text)
    {
        bool isDestination = text.StartsWith('>');
        bool isOptional = text.EndsWith('?');
        string core = text.TrimStart('>').TrimEnd('?');
        bool takesPredicateToo = core.EndsWith("|pred", StringComparison.Ordinal);
        core = takesPredicateToo ? core[..^"|pred".Length] : core;
        bool takesNegated = core.EndsWith('!');
        bool takesVector = core.EndsWith('*');
        bool takesWider = core.StartsWith('~');
        core = core.Trim('!', '*', '~');
        (PtxOperandKind kind, string type) = core switch
        {
            "imm" => (PtxOperandKind.Immediate, "u32"),
            "pack" => (PtxOperandKind.Pack, "T"),
            "pointer" => (PtxOperandKind.Pointer, "u64"),
            "label" => (PtxOperandKind.Label, ""),
            "labels" => (PtxOperandKind.Labels, ""),
            "call" => (PtxOperandKind.Call, ""),
            ['[', .. var inner, ']'] => (PtxOperandKind.Address, inner),
            _ => (PtxOperandKind.Value, core),
        };
        return new PtxOperandRule(kind, type, isDestination, takesWider, takesVector, takesPredicateToo, takesNegated, isOptional);
    }

    /// <summary>The type that the operand must have with these modifiers.</summary>
    public PtxType Type(PtxChosenTypes chosen) => TypeName switch
    {
        "T" => chosen.T!.Value,
        "U" => chosen.U!.Value,
        "W" => chosen.T!.Value switch
        {
            PtxType.U16 => PtxType.U32,
            PtxType.S16 => PtxType.S32,
            PtxType.U32 => PtxType.U64,
            PtxType.S32 => PtxType.S64,
            var type => throw new InvalidOperationException($"{type} has no double width in the table"),
        },
        _ => PtxTypeNames.TryParse(TypeName, out PtxType type) ? type : throw new InvalidOperationException($"'{TypeName}' is no type"),
    };
}
