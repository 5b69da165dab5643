namespace Harness.Kernels.Ptx;

/// <summary>Types and state spaces as PTX spells them, without the dot.</summary>
public static class PtxTypeNames
{
    private static readonly Dictionary<string, PtxType> s_types =
        Enum.GetValues<PtxType>().ToDictionary(type => type.Spelling(), StringComparer.Ordinal);

    public static IEnumerable<string> All => s_types.Keys;

    public static bool TryParse(string word, out PtxType type) => s_types.TryGetValue(word, out type);

    /// <summary><c>u32</c>, <c>f16x2</c>, <c>pred</c>.</summary>
    public static string Spelling(this PtxType type) => type switch
    {
        PtxType.B8 => "b8", PtxType.B16 => "b16", PtxType.B32 => "b32", PtxType.B64 => "b64", PtxType.B128 => "b128",
        PtxType.U8 => "u8", PtxType.U16 => "u16", PtxType.U32 => "u32", PtxType.U64 => "u64",
        PtxType.S8 => "s8", PtxType.S16 => "s16", PtxType.S32 => "s32", PtxType.S64 => "s64",
        PtxType.F16 => "f16", PtxType.F16X2 => "f16x2", PtxType.BF16 => "bf16", PtxType.BF16X2 => "bf16x2",
        PtxType.F32 => "f32", PtxType.F64 => "f64", PtxType.Pred => "pred",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    /// <summary>Null where the word is no state space.</summary>
    public static PtxStateSpace? Space(string word) => word switch
    {
        "reg" => PtxStateSpace.Reg,
        "param" => PtxStateSpace.Param,
        "global" => PtxStateSpace.Global,
        "shared" => PtxStateSpace.Shared,
        "local" => PtxStateSpace.Local,
        "const" => PtxStateSpace.Const,
        _ => null,
    };
}
