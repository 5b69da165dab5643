using System.Runtime.InteropServices;

namespace Harness.Kernels.Devices;

/// <summary>Tiles side by side in one row of tiles of one image.</summary>
internal readonly record struct TileRun(long Image, nint Row, nint Column, nint Count);

/// <summary>Where tiles lie in the NCHW tensors, and the way between those and pixels of 16 channels that lie together.</summary>
internal readonly unsafe struct WinogradImage(ConvolutionShape shape, WinogradLayout layout)
{
    private const int Channels = WinogradLayout.ChannelGroup;

    private readonly ConvolutionShape _shape = shape;
    private readonly nint _tileRows = (nint)layout.TileRows;
    private readonly nint _tileColumns = (nint)layout.TileColumns;
    private readonly nint _outputRows = (nint)shape.P;
    private readonly nint _outputColumns = (nint)shape.Q;

    /// <summary>Floats that hold the pixels of a run of that many tiles, 16 channels each: its input, which is larger than its output.</summary>
    public static long PixelElements(long tiles) =>
        WinogradLayout.InputTile * (tiles * WinogradLayout.OutputTile + WinogradLayout.InputTile - WinogradLayout.OutputTile) * Channels;

    /// <summary>The tiles from that one on which lie in its row of tiles, at most <paramref name="limit"/>.</summary>
    public TileRun RunFrom(long tile, long limit)
    {
        unchecked
        {
            nint perImage = _tileRows * _tileColumns;
            nint inImage = (nint)(tile % perImage);
            nint column = inImage % _tileColumns;
            return new TileRun(tile / perImage, inImage / _tileColumns, column, (nint)Math.Min(limit, _tileColumns - column));
        }
    }

    /// <summary>
    /// Reads the 6 input rows of a run, 16 channels from <paramref name="channel"/> on: pixels[row * result + column * 16 + c], zero in
    /// the padding and for channels that do not exist.
    /// </summary>
    /// <returns>floats from one row to the next</returns>
    public nint ReadInput(float* x, TileRun run, nint channel, float* pixels)
    {
        unchecked
        {
            nint columns = run.Count * WinogradLayout.OutputTile + WinogradLayout.InputTile - WinogradLayout.OutputTile;
            ReadRows(
                x + (run.Image * (nint)_shape.C + channel) * (nint)(_shape.H * _shape.W), (nint)_shape.H, (nint)_shape.W,
                (nint)Math.Min(Channels, _shape.C - channel), run.Row * WinogradLayout.OutputTile - _shape.Padding,
                run.Column * WinogradLayout.OutputTile - _shape.Padding, WinogradLayout.InputTile, columns, pixels);
            return columns * Channels;
        }
    }

    /// <summary>
    /// Reads the 4 output rows of a run, 16 filters from <paramref name="filter"/> on, likewise: zero beyond the image and for filters that
    /// do not exist.
    /// </summary>
    /// <returns>floats from one row to the next</returns>
    public nint ReadOutput(float* y, TileRun run, nint filter, float* pixels)
    {
        unchecked
        {
            nint columns = run.Count * WinogradLayout.OutputTile;
            ReadRows(
                y + (run.Image * (nint)_shape.K + filter) * _outputRows * _outputColumns, _outputRows, _outputColumns,
                (nint)Math.Min(Channels, _shape.K - filter), run.Row * WinogradLayout.OutputTile, run.Column * WinogradLayout.OutputTile,
                WinogradLayout.OutputTile, columns, pixels);
            return columns * Channels;
        }
    }

    /// <summary>Writes the 4 output rows of a run, as far as they lie inside the image, for <paramref name="present"/> filters.</summary>
    /// <param name="pixels">[4][4 * run.Count][16]</param>
    public void WriteOutput(float* pixels, TileRun run, nint filter, nint present, float* y)
    {
        unchecked
        {
            nint plane = _outputRows * _outputColumns;
            nint row = run.Row * WinogradLayout.OutputTile, column = run.Column * WinogradLayout.OutputTile;
            nint rows = Math.Min(WinogradLayout.OutputTile, _outputRows - row);
            nint columns = Math.Min(run.Count * WinogradLayout.OutputTile, _outputColumns - column);
            nint rowStride = run.Count * (WinogradLayout.OutputTile * Channels);
            float* to = y + (run.Image * (nint)_shape.K + filter) * plane + row * _outputColumns + column;
            for (nint r = 0; r < rows; r++, pixels += rowStride, to += _outputColumns)
            {
                if (present == Channels)
                {
                    Scatter(pixels, columns, to, plane);
                }
                else
                {
                    Transposition.Block(pixels, Channels, columns, present, to, plane);
                }
            }
        }
    }

    // pixels[r * columns * 16 + i * 16 + c] = pixel (firstRow + r, firstColumn + i) of channel c, zero outside of the plane and from `present` on.
    private static void ReadRows(
        float* plane, nint height, nint width, nint present, nint firstRow, nint firstColumn, nint rows, nint columns, float* pixels)
    {
        unchecked
        {
            nint from = Math.Clamp(-firstColumn, 0, columns);
            nint end = Math.Clamp(width - firstColumn, from, columns);
            nint rowStride = columns * Channels;
            for (nint r = 0; r < rows; r++, pixels += rowStride)
            {
                nint row = firstRow + r;
                if (row < 0 || row >= height)
                {
                    NativeMemory.Clear(pixels, (nuint)(rowStride * sizeof(float)));
                    continue;
                }

                float* first = plane + row * width + firstColumn + from;
                if (present < Channels)
                {
                    NativeMemory.Clear(pixels, (nuint)(rowStride * sizeof(float)));
                    Transposition.Block(first, height * width, present, end - from, pixels + from * Channels, Channels);
                    continue;
                }

                NativeMemory.Clear(pixels, (nuint)(from * Channels * sizeof(float)));
                Gather(first, height * width, end - from, pixels + from * Channels);
                NativeMemory.Clear(pixels + end * Channels, (nuint)((columns - end) * Channels * sizeof(float)));
            }
        }
    }

    // pixels[i * 16 + c] = row[c * plane + i] for i below count and 16 c.
    private static void Gather(float* row, nint plane, nint count, float* pixels)
    {
        unchecked
        {
            if (count < 8)
            {
                Transposition.Block(row, plane, Channels, count, pixels, Channels);
                return;
            }

            for (nint i = 0; i < count; i += 8)
            {
                // The last block reaches back over pixels already done instead of being cut short.
                nint at = Math.Min(i, count - 8);
                Transposition.Block8(row + at, plane, pixels + at * Channels, Channels);
                Transposition.Block8(row + at + 8 * plane, plane, pixels + at * Channels + 8, Channels);
            }
        }
    }

    // row[k * plane + i] = pixels[i * 16 + k] for i below count and 16 k.
    private static void Scatter(float* pixels, nint count, float* row, nint plane)
    {
        unchecked
        {
            if (count < 8)
            {
                Transposition.Block(pixels, Channels, count, Channels, row, plane);
                return;
            }

            for (nint i = 0; i < count; i += 8)
            {
                nint at = Math.Min(i, count - 8);
                Transposition.Block8(pixels + at * Channels, Channels, row + at, plane);
                Transposition.Block8(pixels + at * Channels + 8, Channels, row + 8 * plane + at, plane);
            }
        }
    }
}
