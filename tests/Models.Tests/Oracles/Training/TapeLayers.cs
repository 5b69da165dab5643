namespace Harness.Models.Tests.Oracles.Training;

/// <summary>The layers of the models, composed of the operations of a <see cref="Tape"/> by the definitions of the papers.</summary>
internal static class TapeLayers
{
    /// <summary>[rows,inputs] times the transpose of weight [outputs,inputs], plus bias [outputs] where there is one.</summary>
    public static Node Linear(this Tape tape, Node x, Node weight, Node? bias, int inputs)
    {
        Node y = tape.Product(x, weight, inputs);
        return bias is null ? y : tape.AddToRows(y, bias);
    }

    /// <summary>Adds b [width] to each row of x [rows,width].</summary>
    public static Node AddToRows(this Tape tape, Node x, Node b) => tape.Add(x, tape.RepeatWhole(b, x.Length / b.Length));

    /// <summary>The rows of the table [rows,width] that the ids name, one after the other.</summary>
    public static Node Embed(this Tape tape, Node table, IReadOnlyList<long> ids, int width) =>
        tape.Gather(table, Indices(ids.Count * width, i => checked((int)ids[i / width]) * width + i % width));

    /// <summary>
    /// Layer normalisation (Ba et al. 2016) of each row: (x - mean) / sqrt(variance + epsilon) * gain + bias, variance with divisor n.
    /// </summary>
    public static Node LayerNorm(this Tape tape, Node x, Node gain, Node bias, double epsilon)
    {
        int n = gain.Length, rows = x.Length / n;
        Node mean = tape.Scale(tape.SumRows(x, n), 1.0 / n);
        Node centred = tape.Add(x, tape.RepeatEach(tape.Scale(mean, -1), n));
        Node variance = tape.Scale(tape.SumRows(tape.Multiply(centred, centred), n), 1.0 / n);
        Node unit = tape.Multiply(centred, tape.RepeatEach(tape.ReciprocalRoot(variance, epsilon), n));
        return tape.AddToRows(tape.Multiply(unit, tape.RepeatWhole(gain, rows)), bias);
    }

    /// <summary>Root mean square normalisation (Zhang and Sennrich 2019) of each row: x / sqrt(mean of squares + epsilon) * gain.</summary>
    public static Node RmsNorm(this Tape tape, Node x, Node gain, double epsilon)
    {
        int n = gain.Length, rows = x.Length / n;
        Node meanSquare = tape.Scale(tape.SumRows(tape.Multiply(x, x), n), 1.0 / n);
        Node unit = tape.Multiply(x, tape.RepeatEach(tape.ReciprocalRoot(meanSquare, epsilon), n));
        return tape.Multiply(unit, tape.RepeatWhole(gain, rows));
    }

    /// <summary>Of each row; minus infinity becomes 0.</summary>
    public static Node Softmax(this Tape tape, Node x, int width)
    {
        Node exponential = tape.Exp(tape.BelowMaximum(x, width));
        Node reciprocal = tape.Map(tape.SumRows(exponential, width), sum => 1 / sum, (_, y) => -y * y);
        return tape.Multiply(exponential, tape.RepeatEach(reciprocal, width));
    }

    /// <summary>[rows,classes] to [rows]: minus the logarithm of the softmax at the row's label.</summary>
    public static Node CrossEntropy(this Tape tape, Node logits, IReadOnlyList<long> labels)
    {
        int classes = logits.Length / labels.Count;
        Node x = tape.BelowMaximum(logits, classes);
        Node logarithm = tape.Map(tape.SumRows(tape.Exp(x), classes), Math.Log, (sum, _) => 1 / sum);
        Node labelled = tape.Gather(x, Indices(labels.Count, row => row * classes + checked((int)labels[row])));
        return tape.Add(logarithm, tape.Scale(labelled, -1));
    }

    /// <summary>GELU (Hendrycks and Gimpel 2016) in its exact form: x/2 * (1 + erf(x / sqrt 2)).</summary>
    public static Node Gelu(this Tape tape, Node x)
    {
        Node erf = tape.Map(tape.Scale(x, 1 / Math.Sqrt(2)), OracleMath.Erf, (z, _) => 2 / Math.Sqrt(Math.PI) * Math.Exp(-z * z));
        return tape.Scale(tape.Add(x, tape.Multiply(x, erf)), 0.5);
    }

    public static Node Tanh(this Tape tape, Node x) => tape.Map(x, Math.Tanh, (_, y) => 1 - y * y);

    /// <summary>[batch,length,heads*d] to [batch,heads,length,d].</summary>
    public static Node SplitHeads(this Tape tape, Node x, int batch, int heads, int headSize)
    {
        int length = x.Length / (batch * heads * headSize);
        return tape.Permute(x, [batch, heads, length, headSize], (b, a, i, c) => ((b * length + i) * heads + a) * headSize + c);
    }

    /// <summary>[batch,heads,length,d] to [batch,length,heads*d].</summary>
    public static Node MergeHeads(this Tape tape, Node x, int batch, int heads, int headSize)
    {
        int length = x.Length / (batch * heads * headSize);
        return tape.Permute(x, [batch, length, heads, headSize], (b, i, a, c) => ((b * heads + a) * length + i) * headSize + c);
    }

    /// <summary>
    /// Multi-head attention (Vaswani et al. 2017): softmax(scale * q k^T + added) v. q is [batch,queries,heads*d], k and v are
    /// [batch,keys,heads*d]; the result is like q.
    /// </summary>
    /// <param name="added">what is added to the scores [batch,heads,queries,keys]</param>
    /// <param name="drop">dropout of the probabilities</param>
    public static Node Attention(
        this Tape tape, Node q, Node k, Node v, int batch, int heads, int headSize, double scale, Node added, Func<Node, Node> drop)
    {
        int keys = k.Length / (batch * heads * headSize);
        Node scores = tape.Product(
            tape.SplitHeads(q, batch, heads, headSize), tape.SplitHeads(k, batch, heads, headSize), headSize, groups: batch * heads);
        Node probabilities = drop(tape.Softmax(tape.Add(tape.Scale(scores, scale), added), keys));
        Node columnsOfV = tape.Permute(v, [batch, heads, headSize, keys], (b, a, c, j) => ((b * keys + j) * heads + a) * headSize + c);
        return tape.MergeHeads(tape.Product(probabilities, columnsOfV, keys, groups: batch * heads), batch, heads, headSize);
    }

    /// <summary>y[i,j,k,l] = x[from(i,j,k,l)], y of the given shape; from -1 comes 0.</summary>
    public static Node Permute(this Tape tape, Node x, int[] shape, Func<int, int, int, int, int> from) =>
        tape.Gather(x, Indices(shape[0] * shape[1] * shape[2] * shape[3], at =>
        {
            int rows = at / shape[3], planes = rows / shape[2];
            return from(planes / shape[1], planes % shape[1], rows % shape[2], at % shape[3]);
        }));

    /// <summary>Each element, times times in a row.</summary>
    private static Node RepeatEach(this Tape tape, Node x, int times) => tape.Gather(x, Indices(x.Length * times, i => i / times));

    /// <summary>All elements, times times over.</summary>
    private static Node RepeatWhole(this Tape tape, Node x, int times) => tape.Gather(x, Indices(x.Length * times, i => i % x.Length));

    /// <summary>
    /// Each row less its maximum, which softmax and cross entropy do not depend on, in value or in gradient: it is taken out as a constant
    /// to keep exponentials in range.
    /// </summary>
    private static Node BelowMaximum(this Tape tape, Node x, int width)
    {
        double[] maxima = [.. x.Value.Chunk(width).Select(row => row.Max())];
        return tape.Add(x, Node.Constant([.. Enumerable.Range(0, x.Length).Select(i => -maxima[i / width])]));
    }

    private static Node Exp(this Tape tape, Node x) => tape.Map(x, Math.Exp, (_, y) => y);

    /// <summary>(x + epsilon)^-1/2</summary>
    private static Node ReciprocalRoot(this Tape tape, Node x, double epsilon) =>
        tape.Map(x, value => 1 / Math.Sqrt(value + epsilon), (_, y) => -y * y * y / 2);

    private static int[] Indices(int count, Func<int, int> index)
    {
        var indices = new int[count];
        for (int i = 0; i < count; i++)
        {
            indices[i] = index(i);
        }

        return indices;
    }
}
