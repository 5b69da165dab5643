namespace Harness.Kernels.Devices;

/// <summary>
/// How the Winograd convolution F(4x4, 3x3) cuts a shape into tiles and blocks, and where its workspace keeps what
/// (docs/convolution.md). Depends on the shape alone, never on the machine.
/// </summary>
internal readonly struct WinogradLayout
{
    /// <summary>Outputs of a tile in each direction.</summary>
    public const int OutputTile = 4;

    /// <summary>Inputs of a tile in each direction: OutputTile + 3 - 1.</summary>
    public const int InputTile = 6;

    /// <summary>Products a tile and pair of channels: InputTile^2.</summary>
    public const int Places = 36;

    /// <summary>Input channels are padded to whole groups of these.</summary>
    public const int ChannelGroup = PanelKernel.DepthGroup;

    /// <summary>Output channels are padded to whole groups of these.</summary>
    public const int FilterGroup = PanelKernel.Lanes;

    /// <summary>Padded channels times tiles of a block, at most: 36 * 4 bytes each keep a block within 9 MiB.</summary>
    private const long BlockElements = 65536;

    /// <summary>3x3 filters with stride 1 and enough channels on both sides to fill the groups.</summary>
    public static bool Applies(in ConvolutionShape shape) =>
        shape is { R: 3, S: 3, Stride: 1, C: >= ChannelGroup, K: >= 16, P: >= 1, Q: >= 1 };

    public WinogradLayout(in ConvolutionShape shape)
    {
        TileRows = CeilingDivide(shape.P, OutputTile);
        TileColumns = CeilingDivide(shape.Q, OutputTile);
        Tiles = shape.N * TileRows * TileColumns;
        ChannelGroups = CeilingDivide(shape.C, ChannelGroup);
        FilterGroups = CeilingDivide(shape.K, FilterGroup);
        long limit = Math.Max(1, BlockElements / (ChannelGroups * ChannelGroup));
        Blocks = CeilingDivide(Tiles, limit);
        BlockTiles = CeilingDivide(Tiles, Blocks);
    }

    /// <summary>Tiles of one image, vertically.</summary>
    public long TileRows { get; }

    /// <summary>Tiles of one image, horizontally.</summary>
    public long TileColumns { get; }

    /// <summary>Tiles of the whole batch.</summary>
    public long Tiles { get; }

    public long ChannelGroups { get; }

    public long FilterGroups { get; }

    public long Blocks { get; }

    /// <summary>Tiles of a block; the last block may have fewer.</summary>
    public long BlockTiles { get; }

    /// <summary>Floats of the transformed input of one block, [36][channel groups][block tiles][16], at the workspace's start.</summary>
    public long InputElements => Places * ChannelGroups * ChannelGroup * BlockTiles;

    /// <summary>Floats of the transformed filters of one group, [36][padded channels][32].</summary>
    public long FilterGroupElements => Places * ChannelGroups * ChannelGroup * FilterGroup;

    /// <summary>With one block every filter is used once, by the worker that transforms it, and the workspace does not hold it.</summary>
    public bool KeepsFilters => Blocks > 1;

    public long WorkspaceBytes => sizeof(float) * (InputElements + (KeepsFilters ? FilterGroups * FilterGroupElements : 0));

    private static long CeilingDivide(long a, long b) => (a + b - 1) / b;
}
