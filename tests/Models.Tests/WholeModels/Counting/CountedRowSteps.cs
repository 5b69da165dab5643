using Harness.Kernels.Programs;

namespace Harness.Models.Tests.WholeModels.Counting;

/// <summary>Softmax, norms and cross entropy, forward and backward, row by row.</summary>
internal static class CountedRowSteps
{
    public static void Softmax(CountedTensors t, SoftmaxStep s)
    {
        Counted[]? position = t.ReadIfAny(s.PositionBias), mask = t.ReadIfAny(s.Mask);
        int keys = (int)s.X.Shape[3];
        long rowsOfSample = s.X.Shape[1] * s.X.Shape[2];
        t.Write(s.Y, t.Read(s.X).Chunk(keys).SelectMany((row, number) => CountedRows.Softmax(t, [.. row.Select((element, k) =>
        {
            Counted logit = s.Scale == 1 ? element : element * t.Number(s.Scale);
            logit = position is null ? logit : logit + position[number % rowsOfSample * keys + k];
            return mask is null ? logit : logit + mask[number / rowsOfSample * keys + k];
        })])));
    }

    public static void SoftmaxBackward(CountedTensors t, SoftmaxBackwardStep s)
    {
        int keys = (int)s.Y.Shape.Last;
        t.Write(s.Gradient, t.Read(s.Y).Chunk(keys).Zip(t.Read(s.OutputGradient).Chunk(keys))
            .SelectMany(row => CountedRows.SoftmaxBackward(t, row.First, row.Second, s.Scale)));
    }

    public static void LayerNorm(CountedTensors t, LayerNormStep s)
    {
        Counted[] gamma = t.Read(s.Gamma), beta = t.Read(s.Beta);
        t.Write(s.Y, SumRows(t, s.X, s.Bias, s.Residual).SelectMany(v =>
            CountedRows.Normed(t, v, centred: true, s.Epsilon).Normed.Select((element, i) => element * gamma[i] + beta[i])));
    }

    public static void RmsNorm(CountedTensors t, RmsNormStep s)
    {
        Counted[] gamma = t.Read(s.Gamma);
        Counted[][] rows = SumRows(t, s.X, bias: null, s.Residual);
        if (s.Sum is not null)
        {
            t.Write(s.Sum, rows.SelectMany(row => row));
        }

        t.Write(s.Y, rows.SelectMany(v => CountedRows.Normed(t, v, centred: false, s.Epsilon).Normed.Select((element, i) => element * gamma[i])));
    }

    public static void LayerNormParameters(CountedTensors t, LayerNormParametersBackwardStep s)
    {
        Counted[] gamma = t.Zeros(s.X.Shape.Last), beta = t.Zeros(s.X.Shape.Last);
        Parameters(t, SumRows(t, s.X, s.Bias, s.Residual), s.OutputGradient, gamma, beta, s.Epsilon);
        t.WriteOrAdd(s.GammaGradient, gamma, s.Accumulate);
        t.WriteOrAdd(s.BetaGradient, beta, s.Accumulate);
    }

    public static void RmsNormParameters(CountedTensors t, RmsNormParametersBackwardStep s)
    {
        Counted[] gamma = t.Zeros(s.X.Shape.Last);
        Parameters(t, SumRows(t, s.X, bias: null, s.Residual), s.OutputGradient, gamma, beta: null, s.Epsilon);
        t.WriteOrAdd(s.GammaGradient, gamma, s.Accumulate);
    }

    public static void LayerNormOperands(CountedTensors t, LayerNormBackwardStep s)
    {
        Counted[] dv = Operands(t, SumRows(t, s.X, s.Bias, s.Residual), s.Gamma, s.OutputGradient, centred: true, s.Epsilon);
        t.Write(s.XGradient, dv);
        if (s.ResidualGradient is not null)
        {
            t.WriteOrAdd(s.ResidualGradient, dv, s.AccumulateResidual);
        }
    }

    public static void RmsNormOperands(CountedTensors t, RmsNormBackwardStep s)
    {
        Counted[] dv = Operands(t, SumRows(t, s.X, bias: null, s.Residual), s.Gamma, s.OutputGradient, centred: false, s.Epsilon);
        dv = s.SumGradient is null ? dv : [.. dv.Zip(t.Read(s.SumGradient), (a, b) => a + b)];
        t.WriteOrAdd(s.XGradient, dv, s.AccumulateX);
        if (s.ResidualGradient is not null)
        {
            t.WriteOrAdd(s.ResidualGradient, dv, s.AccumulateResidual);
        }
    }

    public static void CrossEntropy(CountedTensors t, CrossEntropyStep s) => t.Write(s.Y, LabelledRows(t, s.Logits, s.Labels).Select(row =>
    {
        (_, Counted largest, Counted sum) = CountedRows.Exponentials(t, row.Logits);
        return sum.Log() + largest - row.Logits[row.Label];
    }));

    public static void CrossEntropyBackward(CountedTensors t, CrossEntropyBackwardStep s) => t.Write(
        s.Gradient,
        LabelledRows(t, s.Logits, s.Labels).SelectMany(row => CountedRows.Softmax(t, row.Logits).Select(
            (probability, i) => t.Number(s.Scale) * (probability - t.Number(i == row.Label ? 1 : 0)))));

    private static IEnumerable<(Counted[] Logits, long Label)> LabelledRows(CountedTensors t, TensorSpec logits, TensorSpec labels) =>
        t.Read(logits).Chunk((int)logits.Shape.Last).Zip(t.Ids(labels));

    /// <summary>x + bias + residual, an addition an element for each of the two that is there.</summary>
    private static Counted[][] SumRows(CountedTensors t, TensorSpec x, TensorSpec? bias, TensorSpec? residual)
    {
        Counted[] v = t.Read(x);
        if (t.ReadIfAny(bias) is { } b)
        {
            v = [.. v.Select((element, i) => element + b[i % b.Length])];
        }

        if (t.ReadIfAny(residual) is { } r)
        {
            v = [.. v.Zip(r, (element, other) => element + other)];
        }

        return [.. v.Chunk((int)x.Shape.Last)];
    }

    /// <summary>Adds every row of dy n to gamma's gradient, and of dy to beta's.</summary>
    private static void Parameters(
        CountedTensors t, Counted[][] rows, TensorSpec outputGradient, Counted[] gamma, Counted[]? beta, double epsilon)
    {
        foreach ((Counted[] v, Counted[] dy) in rows.Zip(t.Read(outputGradient).Chunk(gamma.Length)))
        {
            Counted[] normed = CountedRows.Normed(t, v, centred: beta is not null, epsilon).Normed;
            for (int i = 0; i < gamma.Length; i++)
            {
                gamma[i] += dy[i] * normed[i];
                if (beta is not null)
                {
                    beta[i] += dy[i];
                }
            }
        }
    }

    private static Counted[] Operands(
        CountedTensors t, Counted[][] rows, TensorSpec gamma, TensorSpec outputGradient, bool centred, double epsilon)
    {
        Counted[] gain = t.Read(gamma);
        return [.. rows.Zip(t.Read(outputGradient).Chunk(gain.Length), (v, dy) => CountedRows.NormBackward(t, v, gain, dy, centred, epsilon))
            .SelectMany(row => row)];
    }
}
