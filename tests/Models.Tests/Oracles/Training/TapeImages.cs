namespace Harness.Models.Tests.Oracles.Training;

/// <summary>Layers on images [batch,channels,size,size], composed of the operations of a <see cref="Tape"/>.</summary>
internal static class TapeImages
{
    /// <summary>
    /// 3x3 cross-correlation, stride 1, one ring of zeros, plus bias: the pixels under each window as a row, times the filters.
    /// </summary>
    /// <param name="weight">[filters,channels,3,3]</param>
    public static Node Convolve(this Tape tape, Node x, Node weight, Node bias, int batch, int channels, int size)
    {
        int filters = bias.Length, pixels = size * size;
        Node windows = tape.Permute(x, [batch, pixels, channels, 9], (n, pixel, c, tap) =>
        {
            int row = pixel / size + tap / 3 - 1, column = pixel % size + tap % 3 - 1;
            return row >= 0 && row < size && column >= 0 && column < size ? ((n * channels + c) * size + row) * size + column : -1;
        });
        Node y = tape.Linear(windows, weight, bias, 9 * channels);
        return tape.Permute(y, [batch, filters, size, size], (n, k, p, q) => (n * pixels + p * size + q) * filters + k);
    }

    /// <summary>The first maximum, in row order, of each 2x2 window, stride 2; a last odd row or column is left out.</summary>
    public static Node MaxPool(this Tape tape, Node x, int planes, int size) =>
        tape.Permute(x, [1, planes, size / 2, size / 2], (_, plane, p, q) =>
        {
            int corner = (plane * size + 2 * p) * size + 2 * q;
            int first = corner;
            foreach (int other in new[] { corner + 1, corner + size, corner + size + 1 })
            {
                first = x.Value[other] > x.Value[first] ? other : first;
            }

            tape.Note(first - corner);
            return first;
        });

    /// <summary>
    /// Averages over windows [floor(i*size/pooled), ceil((i+1)*size/pooled)): a product with a matrix of 1/(pixels of the window) and 0.
    /// </summary>
    public static Node AdaptiveAveragePool(this Tape tape, Node x, int size, int pooled)
    {
        var averages = new double[pooled * pooled * size * size];
        for (int p = 0; p < pooled; p++)
        {
            for (int q = 0; q < pooled; q++)
            {
                int top = p * size / pooled, bottom = ((p + 1) * size + pooled - 1) / pooled;
                int left = q * size / pooled, right = ((q + 1) * size + pooled - 1) / pooled;
                for (int row = top; row < bottom; row++)
                {
                    Array.Fill(
                        averages, 1.0 / ((bottom - top) * (right - left)), ((p * pooled + q) * size + row) * size + left, right - left);
                }
            }
        }

        return tape.Product(x, Node.Constant(averages), size * size);
    }
}
