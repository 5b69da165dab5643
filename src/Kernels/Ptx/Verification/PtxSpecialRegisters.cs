using System.Collections.Frozen;

namespace Harness.Kernels.Ptx;

/// <summary>The special registers that a kernel may read (PTX ISA, section "Special Registers").</summary>
public static class PtxSpecialRegisters
{
    private static readonly string[] s_words =
    [
        "tid.x", "tid.y", "tid.z", "ntid.x", "ntid.y", "ntid.z", "ctaid.x", "ctaid.y", "ctaid.z", "nctaid.x", "nctaid.y", "nctaid.z",
        "laneid", "warpid", "nwarpid", "smid", "nsmid",
        "lanemask_eq", "lanemask_le", "lanemask_lt", "lanemask_ge", "lanemask_gt",
        "clock", "clock_hi", "globaltimer_lo", "globaltimer_hi", "total_smem_size", "dynamic_smem_size",
    ];

    private static readonly string[] s_longs = ["clock64", "globaltimer", "gridid"];

    public static FrozenDictionary<string, PtxType> Types { get; } = s_words.Select(name => (name, type: PtxType.U32))
        .Concat(s_longs.Select(name => (name, type: PtxType.U64)))
        .ToFrozenDictionary(pair => "%" + pair.name, pair => pair.type, StringComparer.Ordinal);

    /// <summary>Without an element: <c>%tid</c>, <c>%laneid</c>.</summary>
    internal static FrozenSet<string> Names { get; } = Types.Keys.Select(name => name.Split('.')[0]).ToFrozenSet(StringComparer.Ordinal);
}
