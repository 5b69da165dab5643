using Harness.Kernels.Programs;
using Harness.Kernels.Reference;

namespace Harness.Models.Tests.WholeModels;

/// <summary>A pass of a program on numbers that count, each step written out from its definition (docs/models.md and docs/formulas.md).</summary>
internal sealed class CountedPass(StepProgram program)
{
    private readonly Tally _tally = new();
    private readonly Dictionary<TensorSpec, double[]> _values = [];
    private readonly Dictionary<TensorSpec, long[]> _ids = [];

    public void Set(TensorSpec tensor, double[] values) => _values[tensor] = values;

    public void Set(TensorSpec tensor, long[] ids) => _ids[tensor] = ids;

    public double[] Values(TensorSpec tensor) => _values[tensor];

    /// <summary>Work of every step, in order.</summary>
    public List<(string Step, long Macs, long Operations)> Run()
    {
        var work = new List<(string, long, long)>();
        foreach (Step step in program.Steps)
        {
            (_tally.Macs, _tally.Operations) = (0, 0);
            Compute(step);
            work.Add((step.Name, _tally.Macs, _tally.Operations));
        }

        return work;
    }

    private Counted Number(double value) => new(value, _tally);

    private Counted[] Read(TensorSpec tensor) => [.. _values[tensor].Select(Number)];

    private Counted[]? ReadIfAny(TensorSpec? tensor) => tensor is null ? null : Read(tensor);

    private void Write(TensorSpec tensor, IEnumerable<Counted> values) => _values[tensor] = [.. values.Select(value => value.Value)];

    private void Compute(Step step)
    {
        switch (step)
        {
            case GemmStep s: Product(s); break;
            case ConvolutionStep s: Convolution(s); break;
            case MaxPoolStep s: MaxPool(s); break;
            case AdaptiveAveragePoolStep s: AveragePool(s); break;
            case BiasActivationStep s: Write(s.Y, Activated(Read(s.X), ReadIfAny(s.Bias), s.Activation)); break;
            case SplitHeadsStep s: Split(s); break;
            case MergeHeadsStep s:
                Set(s.Y, HeadsReference.Merge(_values[s.X], s.X.Shape[0], s.X.Shape[2], s.X.Shape[1], s.X.Shape[3])); // moves, computes nothing
                break;
            case SoftmaxStep s: Softmax(s); break;
            case LayerNormStep s:
                Write(s.Y, Normed(Sum(Read(s.X), ReadIfAny(s.Bias), ReadIfAny(s.Residual)), Read(s.Gamma), Read(s.Beta), s.Epsilon));
                break;
            case RmsNormStep s:
                Counted[] sum = Sum(Read(s.X), null, ReadIfAny(s.Residual));
                if (s.Sum is not null)
                {
                    Write(s.Sum, sum);
                }

                Write(s.Y, Normed(sum, Read(s.Gamma), beta: null, s.Epsilon));
                break;
            case EmbeddingStep s:
                Write(s.Y, Rows(s.Ids, s.Table));
                break;
            case BertEmbeddingStep s:
                Counted[] positions = Read(s.Position);
                Write(s.Y, Rows(s.Ids, s.Word).Zip(Rows(s.TypeIds, s.Type)).Select((pair, i) => pair.First + positions[i % (s.Y.Shape[1] * s.Y.Shape[2])] + pair.Second));
                break;
            case AttentionMaskStep s:
                Write(s.Y, _ids[s.Mask].Select(mask => (Number(1) - Number(mask)) * Number(float.MinValue)));
                break;
            case RelativePositionBiasStep s:
                Set(s.Y, RelativePositionBiasReference.Compute(
                    _values[s.Table], s.Y.Shape[0], s.Y.Shape[1], s.Y.Shape[2], s.Causal, s.MaxDistance)); // moves; only indices are computed
                break;
            default:
                throw new InvalidOperationException($"no definition of {step.GetType().Name}");
        }
    }

    private IEnumerable<Counted> Rows(TensorSpec ids, TensorSpec table)
    {
        double[] values = _values[table];
        int width = (int)table.Shape[1];
        return _ids[ids].SelectMany(id => values.Skip((int)id * width).Take(width)).Select(Number);
    }

    private void Product(GemmStep s)
    {
        Counted[] a = Read(s.A), b = Read(s.B);
        double[] c = new double[s.C.Shape.Elements];
        for (long i = 0; i < s.Batch * s.M * s.N; i++)
        {
            long matrix = i / (s.M * s.N), row = i / s.N % s.M, column = i % s.N;
            Counted sum = Number(0);
            for (long k = 0; k < s.K; k++)
            {
                sum = sum.MultiplyAccumulate(a[At(s.LayoutA, matrix, row, k)], b[At(s.LayoutB, matrix, k, column)]);
            }

            c[At(s.LayoutC, matrix, row, column)] = (s.Alpha == 1 ? sum : sum * Number(s.Alpha)).Value;
        }

        Set(s.C, c);
    }

    private static long At(MatrixLayout layout, long matrix, long row, long column) => matrix * layout.BatchStride
        + (layout.Transposed ? column : row) * layout.LeadingDimension + (layout.Transposed ? row : column);

    /// <summary>All taps count, those on the zeros around the image too.</summary>
    private void Convolution(ConvolutionStep s)
    {
        Counted[] x = Read(s.X), w = Read(s.Weight), bias = Read(s.Bias), y = new Counted[s.Y.Shape.Elements];
        (Shape input, Shape output, Shape filter) = (s.X.Shape, s.Y.Shape, s.Weight.Shape);
        for (long i = 0; i < y.Length; i++)
        {
            long n = i / (output[1] * output[2] * output[3]), k = i / (output[2] * output[3]) % output[1], p = i / output[3] % output[2], q = i % output[3];
            Counted sum = Number(0);
            for (long j = 0; j < filter[1] * filter[2] * filter[3]; j++)
            {
                long c = j / (filter[2] * filter[3]), row = p * s.Stride + j / filter[3] % filter[2] - s.Padding, column = q * s.Stride + j % filter[3] - s.Padding;
                bool inside = row >= 0 && row < input[2] && column >= 0 && column < input[3];
                Counted pixel = inside ? x[((n * input[1] + c) * input[2] + row) * input[3] + column] : Number(0);
                sum = sum.MultiplyAccumulate(pixel, w[k * filter[1] * filter[2] * filter[3] + j]);
            }

            sum += bias[k];
            y[i] = s.Relu ? sum.Or(Number(0)) : sum;
        }

        Write(s.Y, y);
    }

    private void MaxPool(MaxPoolStep s)
    {
        Counted[] x = Read(s.X), y = new Counted[s.Y.Shape.Elements];
        ForEachCell(s.X.Shape, s.Y.Shape, (i, plane, p, q) =>
        {
            Counted[] window = [.. Enumerable.Range(0, s.Window * s.Window).Select(j =>
                x[plane + (p * s.Stride + j / s.Window) * s.X.Shape[3] + q * s.Stride + j % s.Window])];
            y[i] = window.Skip(1).Aggregate(window[0], (largest, next) => largest.Or(next));
        });
        Write(s.Y, y);
    }

    private void AveragePool(AdaptiveAveragePoolStep s)
    {
        Counted[] x = Read(s.X), y = new Counted[s.Y.Shape.Elements];
        (long height, long width, long rows, long columns) = (s.X.Shape[2], s.X.Shape[3], s.Y.Shape[2], s.Y.Shape[3]);
        ForEachCell(s.X.Shape, s.Y.Shape, (i, plane, p, q) =>
        {
            Counted sum = Number(0);
            long size = 0;
            for (long h = p * height / rows; h * rows < (p + 1) * height; h++)
            {
                for (long w = q * width / columns; w * columns < (q + 1) * width; w++, size++)
                {
                    sum += x[plane + h * width + w];
                }
            }

            y[i] = sum / Number(size);
        });
        Write(s.Y, y);
    }

    /// <summary>Every place of every output map, with the first element of its input map.</summary>
    private static void ForEachCell(Shape input, Shape output, Action<long, long, long, long> cell)
    {
        for (long i = 0; i < output.Elements; i++)
        {
            cell(i, i / (output[2] * output[3]) * input[2] * input[3], i / output[3] % output[2], i % output[3]);
        }
    }

    private IEnumerable<Counted> Activated(Counted[] x, Counted[]? bias, Activation activation) => x.Select((element, i) =>
    {
        Counted v = bias is null ? element : element + bias[i % bias.Length];
        return activation switch
        {
            Activation.Relu => v.Or(Number(0)),
            Activation.Gelu => (Number(1) + (v / Number(Math.Sqrt(2))).Erf()) * v * Number(0.5),
            Activation.Tanh => v.Tanh(),
            _ => v,
        };
    });

    private void Split(SplitHeadsStep s)
    {
        Counted[]? bias = ReadIfAny(s.Bias);
        double[] biased = [.. Read(s.X).Select((element, i) => (bias is null ? element : element + bias[i % bias.Length]).Value)];
        Set(s.Y, HeadsReference.Split(biased, null, s.Y.Shape[0], s.Y.Shape[2], s.Y.Shape[1], s.Y.Shape[3]));
    }

    private void Softmax(SoftmaxStep s)
    {
        Counted[] x = Read(s.X);
        Counted[]? position = ReadIfAny(s.PositionBias), mask = ReadIfAny(s.Mask);
        int keys = (int)s.X.Shape[3];
        long rowsOfHeads = s.X.Shape[1] * s.X.Shape[2];
        for (int row = 0; row < x.Length; row += keys)
        {
            Counted largest = Number(double.NegativeInfinity), sum = Number(0);
            for (int k = 0; k < keys; k++)
            {
                Counted logit = s.Scale == 1 ? x[row + k] : x[row + k] * Number(s.Scale);
                logit = position is null ? logit : logit + position[row / keys % rowsOfHeads * keys + k];
                x[row + k] = mask is null ? logit : logit + mask[row / keys / rowsOfHeads * keys + k];
                largest = largest.Or(x[row + k]);
            }

            for (int k = 0; k < keys; k++)
            {
                x[row + k] = (x[row + k] - largest).Exp();
                sum += x[row + k];
            }

            for (int k = 0; k < keys; k++)
            {
                x[row + k] /= sum;
            }
        }

        Write(s.Y, x);
    }

    private static Counted[] Sum(Counted[] x, Counted[]? bias, Counted[]? residual)
    {
        Counted[] biased = bias is null ? x : [.. x.Select((element, i) => element + bias[i % bias.Length])];
        return residual is null ? biased : [.. biased.Zip(residual, (a, b) => a + b)];
    }

    /// <summary>Layer norm; without beta RMS norm, which subtracts no mean.</summary>
    private IEnumerable<Counted> Normed(Counted[] v, Counted[] gamma, Counted[]? beta, double epsilon) => v.Chunk(gamma.Length).SelectMany(row =>
    {
        Counted width = Number(row.Length);
        if (beta is not null)
        {
            Counted mean = row.Aggregate(Number(0), (sum, element) => sum + element) / width;
            row = [.. row.Select(element => element - mean)];
        }

        Counted variance = row.Aggregate(Number(0), (sum, element) => sum + element * element) / width;
        Counted factor = (variance + Number(epsilon)).ReciprocalRoot();
        return row.Select((element, i) => beta is null ? element * factor * gamma[i] : element * factor * gamma[i] + beta[i]).ToArray();
    });
}
