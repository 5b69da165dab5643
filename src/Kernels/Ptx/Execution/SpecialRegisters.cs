namespace Harness.Kernels.Ptx.Execution;

/// <summary>The special registers that are fixed for a thread, a block or a launch (PTX ISA, "Special Registers").</summary>
internal static class SpecialRegisters
{
    private static readonly HashSet<string> s_known = new(StringComparer.Ordinal)
    {
        "%tid.x", "%tid.y", "%tid.z", "%ntid.x", "%ntid.y", "%ntid.z",
        "%ctaid.x", "%ctaid.y", "%ctaid.z", "%nctaid.x", "%nctaid.y", "%nctaid.z",
        "%laneid", "%warpid", "%nwarpid", "%smid", "%nsmid", "%gridid",
        "%lanemask_eq", "%lanemask_le", "%lanemask_lt", "%lanemask_ge", "%lanemask_gt",
        "%dynamic_smem_size", "%total_smem_size",
        "%clusterid.x", "%clusterid.y", "%clusterid.z", "%nclusterid.x", "%nclusterid.y", "%nclusterid.z",
        "%cluster_ctaid.x", "%cluster_ctaid.y", "%cluster_ctaid.z", "%cluster_nctaid.x", "%cluster_nctaid.y", "%cluster_nctaid.z",
        "%cluster_ctarank", "%cluster_nctarank",
    };

    public static bool IsKnown(string name) => s_known.Contains(name);

    public static bool Is64Bit(string name) => name == "%gridid";

    /// <summary>Fixed for a block: to be filled in when a block begins.</summary>
    public static bool ChangesWithBlock(string name) => name.StartsWith("%ctaid", StringComparison.Ordinal) || name.StartsWith("%clusterid", StringComparison.Ordinal);
}
