using Harness.Kernels.Devices;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>Fills the registers that hold constants and special registers, a value a lane.</summary>
internal static unsafe class WarpRegisters
{
    public static void FillConstants(Warp* w, KernelProgram program)
    {
        foreach (ConstantSlot constant in program.Constants)
        {
            byte* register = w->Registers + constant.Offset;
            if (constant.ElementBytes == 0)
            {
                *(uint*)register = (uint)constant.Bits;
                continue;
            }

            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                Set(register, lane, constant.ElementBytes, constant.Bits);
            }
        }
    }

    /// <param name="index">the block's, for those that change with it</param>
    /// <param name="ofBlock">fill those that change with the block, or all others</param>
    public static void FillSpecials(Warp* w, KernelProgram program, in LaunchFacts facts, Dim3 index, bool ofBlock)
    {
        foreach (SpecialSlot special in program.Specials)
        {
            if (SpecialRegisters.ChangesWithBlock(special.Name) != ofBlock)
            {
                continue;
            }

            int bytes = SpecialRegisters.Is64Bit(special.Name) ? 8 : 4;
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                Set(w->Registers + special.Offset, lane, bytes, Value(special.Name, w->Index, lane, facts, index));
            }
        }
    }

    private static void Set(byte* register, int lane, int bytes, ulong value)
    {
        if (bytes == 8)
        {
            ((ulong*)register)[lane] = value;
        }
        else
        {
            ((uint*)register)[lane] = unchecked((uint)value);
        }
    }

    private static ulong Value(string name, int warp, int lane, in LaunchFacts facts, Dim3 index)
    {
        int thread = (warp * Warp.Lanes) + lane;
        Dim3 size = facts.BlockSize;
        return unchecked((ulong)(name switch
        {
            "%tid.x" => thread % size.X,
            "%tid.y" => thread / size.X % size.Y,
            "%tid.z" => thread / (size.X * size.Y),
            "%ntid.x" => size.X,
            "%ntid.y" => size.Y,
            "%ntid.z" => size.Z,
            "%ctaid.x" or "%clusterid.x" => index.X,
            "%ctaid.y" or "%clusterid.y" => index.Y,
            "%ctaid.z" or "%clusterid.z" => index.Z,
            "%nctaid.x" or "%nclusterid.x" => facts.Grid.X,
            "%nctaid.y" or "%nclusterid.y" => facts.Grid.Y,
            "%nctaid.z" or "%nclusterid.z" => facts.Grid.Z,
            "%laneid" => lane,
            "%warpid" => warp,
            "%nwarpid" => 32,
            "%smid" => facts.Worker,
            "%nsmid" => facts.Workers,
            "%gridid" => facts.Number,
            "%lanemask_eq" => 1L << lane,
            "%lanemask_le" => (1L << lane) | ((1L << lane) - 1),
            "%lanemask_lt" => (1L << lane) - 1,
            "%lanemask_ge" => uint.MaxValue & ~((1L << lane) - 1),
            "%lanemask_gt" => uint.MaxValue & ~((1L << lane) | ((1L << lane) - 1)),
            "%dynamic_smem_size" => facts.DynamicSharedBytes,
            "%total_smem_size" => facts.SharedBytes,

            // A cluster of one block.
            "%cluster_nctaid.x" or "%cluster_nctaid.y" or "%cluster_nctaid.z" or "%cluster_nctarank" => 1,
            _ => 0L,
        }));
    }
}
