namespace Harness.Kernels.Devices;

/// <summary>
/// How a product is cut into items. The depth of a block, the only thing that rounding depends on, follows from K alone; rows and
/// columns of a block follow from what fits in the caches and from how many workers want an item.
/// </summary>
internal readonly struct GemmBlocking
{
    // A packed left block of 256 x 256 floats is a quarter of a common 1 MiB second-level cache; a packed group of 12 columns
    // stays in the first level beside it.
    private const long MaximumDepth = 256;
    private const long MaximumRows = 256;
    private const long MaximumColumns = 1024;
    private const long ItemsPerWorker = 4;

    public GemmBlocking(long m, long n, long k, long batch, int workers)
    {
        long depthBlocks = Math.Max(1, CeilingDivide(k, MaximumDepth));
        BlockDepth = RoundUp(Math.Max(1, CeilingDivide(k, depthBlocks)), PanelKernel.DepthGroup);

        long wanted = workers == 1 ? 1 : CeilingDivide(workers * ItemsPerWorker, batch);
        BlockRows = RoundUp(CeilingDivide(m, CeilingDivide(m, MaximumRows)), PanelKernel.Lanes);
        BlockColumns = RoundUp(CeilingDivide(n, CeilingDivide(n, MaximumColumns)), PanelKernel.Columns);
        while (CeilingDivide(m, BlockRows) * CeilingDivide(n, BlockColumns) < wanted)
        {
            // Halve the longer side while that leaves whole tiles to both halves.
            if (BlockColumns >= BlockRows && BlockColumns >= 4 * PanelKernel.Columns)
            {
                BlockColumns = RoundUp(BlockColumns / 2, PanelKernel.Columns);
            }
            else if (BlockRows >= 2 * PanelKernel.Lanes)
            {
                BlockRows = RoundUp(BlockRows / 2, PanelKernel.Lanes);
            }
            else
            {
                break;
            }
        }

        RowBlocks = CeilingDivide(m, BlockRows);
        ColumnBlocks = CeilingDivide(n, BlockColumns);
    }

    /// <summary>Rows of the result an item computes, a multiple of 32.</summary>
    public long BlockRows { get; }

    /// <summary>Columns of the result an item computes, a multiple of 12.</summary>
    public long BlockColumns { get; }

    /// <summary>How much of the summed index is packed at a time, a multiple of 16.</summary>
    public long BlockDepth { get; }

    public long RowBlocks { get; }

    public long ColumnBlocks { get; }

    /// <summary>Floats of a packed left block.</summary>
    public long LeftElements => BlockRows * BlockDepth;

    /// <summary>Bytes of scratch a worker needs: the left block and 12 columns of the right one.</summary>
    public long ScratchBytes => sizeof(float) * (LeftElements + PanelKernel.Columns * BlockDepth);

    private static long CeilingDivide(long a, long b) => (a + b - 1) / b;

    private static long RoundUp(long a, long b) => CeilingDivide(a, b) * b;
}
