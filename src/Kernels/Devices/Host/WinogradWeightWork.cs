using System.Runtime.InteropServices;

namespace Harness.Kernels.Devices;

/// <summary>
/// The gradient of the weights of a Winograd convolution (docs/convolution.md), a block of tiles at a time: both operands are transformed
/// into the workspace, multiplied place by place, and what comes of that is transformed back and added to dw.
/// </summary>
internal sealed unsafe class WinogradWeightWork : IParallelWork
{
    private const int Group = PanelKernel.DepthGroup;
    private const int Lanes = PanelKernel.Lanes;
    private const int Places = WinogradLayout.Places;
    private const int Taps = 9;

    /// <summary>Tiles that one item transforms: their pixels stay in a second-level cache.</summary>
    private const int ItemTiles = 32;

    /// <summary>Input channels that one item multiplies with 32 filters: the 36 products take 147 KB of scratch.</summary>
    private const int ItemChannels = 32;

    private ConvolutionWeightBackwardCall _call;
    private WinogradWeightLayout _layout;
    private WinogradImage _image;
    private WorkerPool _pool = null!;
    private bool _multiplies;
    private long _firstTile;
    private long _tiles;
    private long _tileItems;
    private float* _input;
    private float* _gradient;

    public void Run(in ConvolutionWeightBackwardCall call, WorkerPool pool)
    {
        _call = call;
        _layout = new WinogradWeightLayout(call.Shape);
        _image = new WinogradImage(call.Shape, new WinogradLayout(call.Shape));
        _pool = pool;
        _input = (float*)call.Workspace.Address;
        _gradient = _input + _layout.InputElements;
        for (_firstTile = 0; _firstTile < _layout.Tiles; _firstTile += _layout.BlockTiles)
        {
            _tiles = Math.Min(_layout.BlockTiles, _layout.Tiles - _firstTile);
            _tileItems = CeilingDivide(_tiles, ItemTiles);
            _multiplies = false;
            pool.Run(this, checked((int)(_tileItems * (_layout.ChannelGroups + _layout.Filters / Group))));
            _multiplies = true;
            pool.Run(this, checked((int)(_layout.FilterGroups * CeilingDivide(_layout.Channels, ItemChannels))));
        }
    }

    public void Execute(int item, int worker)
    {
        unchecked
        {
            if (_multiplies)
            {
                Multiply(item % _layout.FilterGroups, (nint)(item / _layout.FilterGroups) * ItemChannels, worker);
                return;
            }

            long first = item % _tileItems * ItemTiles, group = item / _tileItems;
            long count = Math.Min(ItemTiles, _tiles - first);
            if (group < _layout.ChannelGroups)
            {
                TransformInput((nint)group * Group, first, count, worker);
            }
            else
            {
                TransformGradient((nint)(group - _layout.ChannelGroups) * Group, first, count, worker);
            }
        }
    }

    // To [36][tiles / 16][channels][16 tiles]: transformed 16 channels together, then turned.
    private void TransformInput(nint channel, long first, long count, int worker)
    {
        unchecked
        {
            const int PlaceElements = Group * Group;
            float* transformed = (float*)_pool.Scratch(worker, (Places * PlaceElements + WinogradImage.PixelElements(Group)) * sizeof(float));
            float* pixels = transformed + Places * PlaceElements;
            nint placeStride = (nint)(_layout.Channels * _layout.BlockTiles);
            for (long done = 0; done < count; done += Group)
            {
                nint tiles = (nint)Math.Min(Group, count - done);
                if (tiles < Group)
                {
                    NativeMemory.Clear(transformed, Places * PlaceElements * sizeof(float));
                }

                float* tile = transformed;
                for (nint read = 0; read < tiles;)
                {
                    TileRun run = _image.RunFrom(_firstTile + first + done + read, tiles - read);
                    nint rowStride = _image.ReadInput((float*)_call.X.Address, run, channel, pixels);
                    for (nint t = 0; t < run.Count; t++, tile += Group)
                    {
                        WinogradTransforms.Input(pixels + t * (WinogradLayout.OutputTile * Group), rowStride, tile, PlaceElements);
                    }

                    read += run.Count;
                }

                float* to = _input + ((nint)(first + done) / Group * (nint)_layout.Channels + channel) * Group;
                for (nint place = 0; place < Places; place++, to += placeStride)
                {
                    float* from = transformed + place * PlaceElements;
                    Transposition.Block8(from, Group, to, Group);
                    Transposition.Block8(from + 8, Group, to + 8 * Group, Group);
                    Transposition.Block8(from + 8 * Group, Group, to + 8, Group);
                    Transposition.Block8(from + 8 * Group + 8, Group, to + 8 * Group + 8, Group);
                }
            }
        }
    }

    // To [36][filter groups][tiles][32 filters], 16 filters at a time; zeros up to a whole group of 16 tiles.
    private void TransformGradient(nint filter, long first, long count, int worker)
    {
        unchecked
        {
            nint placeStride = (nint)(_layout.Filters * _layout.BlockTiles);
            float* to = _gradient + (filter / Lanes * (nint)_layout.BlockTiles + (nint)first) * Lanes + filter % Lanes;
            nint padding = (nint)(CeilingDivide(count, Group) * Group - count);
            float* pixels = (float*)_pool.Scratch(worker, WinogradImage.PixelElements(ItemTiles) * sizeof(float));
            bool exists = filter < (nint)_call.Shape.K;
            for (nint read = 0; exists && read < (nint)count;)
            {
                TileRun run = _image.RunFrom(_firstTile + first + read, count - read);
                nint rowStride = _image.ReadOutput((float*)_call.OutputGradient.Address, run, filter, pixels);
                for (nint t = 0; t < run.Count; t++, to += Lanes)
                {
                    WinogradTransforms.OutputGradient(pixels + t * (WinogradLayout.OutputTile * Group), rowStride, to, placeStride);
                }

                read += run.Count;
            }

            for (nint t = 0; t < (exists ? padding : padding + (nint)count); t++, to += Lanes)
            {
                for (nint place = 0; place < Places; place++)
                {
                    NativeMemory.Clear(to + place * placeStride, Group * sizeof(float));
                }
            }
        }
    }

    // The 36 products [32 filters, tiles] [tiles, channels], then the 3x3 taps of those.
    private void Multiply(long filterGroup, nint channel, int worker)
    {
        unchecked
        {
            nint channels = (nint)Math.Min(ItemChannels, _layout.Channels - channel);
            nint groups = (nint)CeilingDivide(_tiles, Group);
            nint productStride = channels * Lanes, groupStride = (nint)_layout.Channels * Group;
            long products = Places * (long)productStride;
            float* scratch = (float*)_pool.Scratch(worker, (products + 2 * (ItemChannels * Taps * Group)) * sizeof(float));
            float* gradient = _gradient + (nint)(filterGroup * _layout.BlockTiles) * Lanes;
            float* input = _input + channel * Group;
            for (nint place = 0; place < Places; place++)
            {
                PanelKernel.Multiply(gradient, input, groupStride, groups, (int)channels, 1, 0, scratch + place * productStride, Lanes);
                gradient += (nint)(_layout.Filters * _layout.BlockTiles);
                input += (nint)(_layout.Channels * _layout.BlockTiles);
            }

            nint present = Math.Min(channels, (nint)_call.Shape.C - channel);
            for (nint half = 0; half < Lanes; half += Group)
            {
                nint filter = (nint)filterGroup * Lanes + half;
                nint filters = Math.Min(Group, (nint)_call.Shape.K - filter);
                if (filters > 0)
                {
                    WriteTaps(scratch + half, productStride, filter, filters, channel, present, scratch + products);
                }
            }
        }
    }

    private void WriteTaps(float* products, nint productStride, nint filter, nint filters, nint channel, nint channels, float* taps)
    {
        unchecked
        {
            nint count = channels * Taps;
            float* turned = taps + ItemChannels * Taps * Group;
            for (nint c = 0; c < channels; c++)
            {
                WinogradTransforms.FilterGradient(products + c * Lanes, productStride, taps + c * (Taps * Group));
            }

            nint whole = count / 8 * 8;
            for (nint k = 0; k < whole; k += 8)
            {
                Transposition.Block8(taps + k * Group, Group, turned + k, count);
                Transposition.Block8(taps + k * Group + 8, Group, turned + 8 * count + k, count);
            }

            Transposition.Block(taps + whole * Group, Group, count - whole, Group, turned + whole, count);
            bool adds = _firstTile > 0 || _call.Beta != 0;
            nint filterStride = (nint)_call.Shape.C * Taps;
            float* to = (float*)_call.WeightGradient.Address + filter * filterStride + channel * Taps;
            for (nint f = 0; f < filters; f++, to += filterStride, turned += count)
            {
                RowSum.Write(turned, count, adds, to);
            }
        }
    }

    private static long CeilingDivide(long a, long b) => (a + b - 1) / b;
}
