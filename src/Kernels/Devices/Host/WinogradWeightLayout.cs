namespace Harness.Kernels.Devices;

/// <summary>
/// How the Winograd gradient of the weights cuts a shape into blocks of tiles, and where its workspace keeps what (docs/convolution.md).
/// Depends on the shape alone, never on the machine. Applies where the forward convolution is a Winograd convolution.
/// </summary>
internal readonly struct WinogradWeightLayout
{
    /// <summary>Tiles are summed over, in whole groups of these.</summary>
    public const int TileGroup = PanelKernel.DepthGroup;

    /// <summary>Padded channels of both sides together times tiles of a block, at most: 36 * 4 bytes each keep a block within 9 MiB.</summary>
    private const long BlockElements = 65536;

    public WinogradWeightLayout(in ConvolutionShape shape)
    {
        var forward = new WinogradLayout(shape);
        Tiles = forward.Tiles;
        ChannelGroups = forward.ChannelGroups;
        FilterGroups = forward.FilterGroups;
        Channels = ChannelGroups * WinogradLayout.ChannelGroup;
        Filters = FilterGroups * WinogradLayout.FilterGroup;
        long limit = TileGroup * Math.Max(1, BlockElements / TileGroup / (Channels + Filters));
        long blocks = CeilingDivide(Tiles, limit);
        BlockTiles = TileGroup * CeilingDivide(CeilingDivide(Tiles, blocks), TileGroup);
    }

    /// <summary>Tiles of the whole batch.</summary>
    public long Tiles { get; }

    public long ChannelGroups { get; }

    public long FilterGroups { get; }

    /// <summary>Input channels, padded.</summary>
    public long Channels { get; }

    /// <summary>Output channels, padded.</summary>
    public long Filters { get; }

    /// <summary>Tiles of a block, a multiple of 16; the last block may have fewer, and tiles that do not exist are zeros.</summary>
    public long BlockTiles { get; }

    /// <summary>Floats of the transformed input of one block, [36][block tiles / 16][channels][16 tiles], at the workspace's start.</summary>
    public long InputElements => WinogradLayout.Places * Channels * BlockTiles;

    /// <summary>Floats of the transformed output gradient of one block, [36][filter groups][block tiles][32 filters], behind the input.</summary>
    public long GradientElements => WinogradLayout.Places * Filters * BlockTiles;

    public long WorkspaceBytes => sizeof(float) * (InputElements + GradientElements);

    private static long CeilingDivide(long a, long b) => (a + b - 1) / b;
}
