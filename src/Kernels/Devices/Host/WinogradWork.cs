using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Harness.Kernels.Devices;

/// <summary>
/// The Winograd convolution of docs/convolution.md, step by step; each step is one piece of parallel work. Mirrored, it takes the weights of
/// the convolution whose data gradient it is: w[channel,filter,2-r,2-s] where a forward one takes w[filter,channel,r,s].
/// </summary>
internal sealed unsafe class WinogradWork : IParallelWork
{
    private const int Channels = WinogradLayout.ChannelGroup;
    private const int Filters = WinogradLayout.FilterGroup;
    private const int Places = WinogradLayout.Places;
    private const int Taps = 9;

    /// <summary>Tiles whose input one item transforms: their pixels stay in a second-level cache.</summary>
    private const int InputTiles = 32;

    /// <summary>Tiles that are multiplied before their outputs are transformed: with 32 filters, 36 places take 258 KB of scratch.</summary>
    private const int ProductTiles = 56;

    private enum Step
    {
        Filters,
        Input,
        Products,
    }

    private ConvolutionCall _call;
    private WinogradLayout _layout;
    private WinogradImage _image;
    private WorkerPool _pool = null!;
    private bool _mirrored;
    private Step _step;
    private long _firstTile;
    private long _tiles;
    private long _productTiles;
    private float* _input;
    private float* _filters;

    /// <param name="call">without a bias where its pointer is null</param>
    public void Run(in ConvolutionCall call, WorkerPool pool, bool mirrored = false)
    {
        _call = call;
        _mirrored = mirrored;
        _layout = new WinogradLayout(call.Shape);
        _image = new WinogradImage(call.Shape, _layout);
        _pool = pool;
        _input = (float*)call.Workspace.Address;
        _filters = _layout.KeepsFilters ? _input + _layout.InputElements : null;
        if (_layout.KeepsFilters)
        {
            _step = Step.Filters;
            pool.Run(this, checked((int)_layout.FilterGroups));
        }

        for (_firstTile = 0; _firstTile < _layout.Tiles; _firstTile += _layout.BlockTiles)
        {
            _tiles = Math.Min(_layout.BlockTiles, _layout.Tiles - _firstTile);
            _step = Step.Input;
            pool.Run(this, checked((int)(_layout.ChannelGroups * CeilingDivide(_tiles, InputTiles))));

            // A worker that transforms its own filters takes all tiles, so that it does so once.
            long groups = CeilingDivide(_tiles, ProductTiles);
            _productTiles = CeilingDivide(_tiles, groups);
            _step = Step.Products;
            pool.Run(this, checked((int)(_layout.FilterGroups * (_layout.KeepsFilters ? groups : 1))));
        }
    }

    public void Execute(int item, int worker)
    {
        unchecked
        {
            switch (_step)
            {
                case Step.Filters:
                    TransformFilters(item, _filters + item * _layout.FilterGroupElements);
                    break;
                case Step.Input:
                    long first = item / _layout.ChannelGroups * InputTiles;
                    TransformInput(item % _layout.ChannelGroups, first, Math.Min(InputTiles, _tiles - first), worker);
                    break;
                default:
                    MultiplyItem(item, worker);
                    break;
            }
        }
    }

    // to [36][channels][32]
    private void TransformFilters(long filterGroup, float* to)
    {
        unchecked
        {
            nint channels = (nint)_call.Shape.C, padded = (nint)_layout.ChannelGroups * Channels;
            nint filter = (nint)filterGroup * Filters;
            nint count = (nint)Math.Min(Filters, _call.Shape.K - filter);
            float* taps = stackalloc float[Channels * Taps * Filters];
            for (nint channel = 0; channel < padded; channel += Channels)
            {
                nint present = Math.Min(Channels, channels - channel);
                if (present < Channels)
                {
                    NativeMemory.Clear(taps, Channels * Taps * Filters * sizeof(float));
                }

                ReadTaps(filter, count, channel, present, taps);
                for (nint c = 0; c < Channels; c++)
                {
                    float* from = taps + c * (Taps * Filters);
                    float* place = to + (channel + c) * Filters;
                    WinogradTransforms.Filter(from, Filters, place, padded * Filters);
                    WinogradTransforms.Filter(from + 16, Filters, place + 16, padded * Filters);
                }
            }
        }
    }

    // taps[(c * 9 + tap) * 32 + f]; filters that do not exist are zeros.
    private void ReadTaps(nint filter, nint count, nint channel, nint present, float* taps)
    {
        unchecked
        {
            nint channels = (nint)_call.Shape.C, filters = (nint)_call.Shape.K;
            float* weights = (float*)_call.Weight.Address;
            if (!_mirrored)
            {
                PanelPacking.Left(weights + (filter * channels + channel) * Taps, channels * Taps, true, count, present * Taps, taps);
                return;
            }

            if (count < Filters)
            {
                NativeMemory.Clear(taps, (nuint)(present * (Taps * Filters) * sizeof(float)));
            }

            // Half a turn of a filter is its nine taps from the last to the first.
            for (nint c = 0; c < present; c++)
            {
                float* from = weights + ((channel + c) * filters + filter) * Taps;
                float* last = taps + (c * Taps + Taps - 1) * Filters;
                nint whole = count / 8 * 8;
                for (nint f = 0; f < whole; f += 8)
                {
                    Transposition.Block8(from + f * Taps, Taps, last + f, -Filters);
                }

                Transposition.Block(from + 8, Taps, whole, Taps - 8, last - 8 * Filters, -Filters);
                Transposition.Block(from + whole * Taps, Taps, count - whole, Taps, last + whole, -Filters);
            }
        }
    }

    private void TransformInput(long channelGroup, long first, long count, int worker)
    {
        unchecked
        {
            nint channel = (nint)channelGroup * Channels;
            nint placeStride = (nint)(_layout.ChannelGroups * _layout.BlockTiles) * Channels;
            float* to = _input + (channelGroup * _layout.BlockTiles + first) * Channels;
            float* pixels = (float*)_pool.Scratch(worker, WinogradImage.PixelElements(InputTiles) * sizeof(float));
            while (count > 0)
            {
                TileRun run = _image.RunFrom(_firstTile + first, count);
                nint rowStride = _image.ReadInput((float*)_call.X.Address, run, channel, pixels);
                for (nint t = 0; t < run.Count; t++, to += Channels)
                {
                    WinogradTransforms.Input(pixels + t * (WinogradLayout.OutputTile * Channels), rowStride, to, placeStride);
                }

                first += run.Count;
                count -= run.Count;
            }
        }
    }

    private void MultiplyItem(int item, int worker)
    {
        unchecked
        {
            long products = Places * _productTiles * Filters;
            long pixels = WinogradImage.PixelElements(ProductTiles);
            long filters = _layout.KeepsFilters ? 0 : _layout.FilterGroupElements;
            float* scratch = (float*)_pool.Scratch(worker, (products + pixels + filters) * sizeof(float));
            if (_layout.KeepsFilters)
            {
                long filterGroup = item % _layout.FilterGroups;
                long first = item / _layout.FilterGroups * _productTiles;
                Multiply(filterGroup, _filters + filterGroup * _layout.FilterGroupElements, first, scratch, scratch + products);
                return;
            }

            float* own = scratch + products + pixels;
            TransformFilters(item, own);
            for (long first = 0; first < _tiles; first += _productTiles)
            {
                Multiply(item, own, first, scratch, scratch + products);
            }
        }
    }

    // The 36 products [32 filters, channels] [channels, tiles], then the outputs of those tiles.
    private void Multiply(long filterGroup, float* filters, long first, float* products, float* pixels)
    {
        unchecked
        {
            nint channelGroups = (nint)_layout.ChannelGroups;
            nint groupStride = (nint)_layout.BlockTiles * Channels;
            nint tiles = (nint)Math.Min(_productTiles, _tiles - first);
            nint placeStride = tiles * Filters;
            for (nint place = 0; place < Places; place++)
            {
                PanelKernel.Multiply(
                    filters + place * channelGroups * (Channels * Filters), _input + place * channelGroups * groupStride + first * Channels,
                    groupStride, channelGroups, (int)tiles, 1, 0, products + place * placeStride, Filters);
            }

            long filter = filterGroup * Filters;
            for (int half = 0; half < Filters; half += 16)
            {
                nint present = (nint)Math.Min(16, _call.Shape.K - filter - half);
                if (present > 0)
                {
                    WriteOutputs(filter + half, present, _firstTile + first, tiles, products + half, placeStride, pixels);
                }
            }
        }
    }

    private void WriteOutputs(long filter, nint present, long firstTile, nint tiles, float* products, nint placeStride, float* pixels)
    {
        unchecked
        {
            Vector512<float> bias = Vector512<float>.Zero;
            if (_call.Bias != DevicePointer.Null)
            {
                float* biases = stackalloc float[16];
                NativeMemory.Copy((float*)_call.Bias.Address + filter, biases, (nuint)(present * sizeof(float)));
                bias = Vector512.Load(biases);
            }

            while (tiles > 0)
            {
                TileRun run = _image.RunFrom(firstTile, tiles);
                nint rowStride = run.Count * (WinogradLayout.OutputTile * 16);
                for (nint t = 0; t < run.Count; t++, products += Filters)
                {
                    WinogradTransforms.Output(
                        products, placeStride, bias, _call.Relu, pixels + t * (WinogradLayout.OutputTile * 16), rowStride);
                }

                _image.WriteOutput(pixels, run, (nint)filter, present, (float*)_call.Y.Address);
                firstTile += run.Count;
                tiles -= run.Count;
            }
        }
    }

    private static long CeilingDivide(long a, long b) => (a + b - 1) / b;
}
