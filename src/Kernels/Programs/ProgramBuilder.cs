using System.Collections.Immutable;
using Harness.Kernels.Devices;

namespace Harness.Kernels.Programs;

/// <summary>
/// Declares tensors and adds steps in the order in which they will run. Each method that adds a step derives the shape of what
/// it writes from what it reads, declares it, and returns it, so that a model reads like its paper, top to bottom.
/// A step is named after the first tensor it writes; one that works in place adds what it does (<c>logits:bias</c>).
/// <para>Programs are made by this product, never by its caller, so a bad one is a bug: every violation, here and in
/// <see cref="ProgramChecker"/>, is a <see cref="CheckFailedException"/> that names the step and the tensor.</para>
/// </summary>
/// <param name="name">the program's</param>
/// <param name="handsOverOutputs">
/// false in training, whose caller gets the loss: what a model's forward pass hands over otherwise is an activation like the others
/// </param>
public sealed class ProgramBuilder(string name, bool handsOverOutputs = true)
{
    private readonly ImmutableArray<TensorSpec>.Builder _tensors = ImmutableArray.CreateBuilder<TensorSpec>();
    private readonly ImmutableArray<Step>.Builder _steps = ImmutableArray.CreateBuilder<Step>();

    /// <summary>The program so far, judged.</summary>
    /// <param name="continuesGradients">gradients hold what an earlier pass left, and this one adds to them</param>
    /// <exception cref="CheckFailedException">see <see cref="ProgramChecker"/></exception>
    public StepProgram Build(bool continuesGradients = false)
    {
        var program = new StepProgram(name, _tensors.ToImmutable(), _steps.ToImmutable(), continuesGradients);
        ProgramChecker.Check(program);
        return program;
    }

    /// <summary>What is declared so far.</summary>
    public IReadOnlyList<TensorSpec> Tensors => _tensors;

    /// <summary>What will run so far.</summary>
    public IReadOnlyList<Step> Steps => _steps;

    // The two primitives: everything below is written in them.

    public TensorSpec Declare(string tensor, Shape shape, DType dtype, TensorCategory category)
    {
        var spec = new TensorSpec(_tensors.Count, tensor, shape, dtype, category);
        _tensors.Add(spec);
        return spec;
    }

    public void Add(Step step) => _steps.Add(step);

    // Tensors that no step writes.

    /// <summary>An f32 weight.</summary>
    public TensorSpec Parameter(string tensor, params ReadOnlySpan<long> shape) =>
        Declare(tensor, new Shape(shape), DType.F32, TensorCategory.Parameter);

    public TensorSpec Input(string tensor, DType dtype, params ReadOnlySpan<long> shape) =>
        Declare(tensor, new Shape(shape), dtype, TensorCategory.Input);

    // Products.

    /// <summary>alpha * x weight^T, weight [out,in]: x [...,in] gives [...,out].</summary>
    public TensorSpec Linear(
        string output, TensorSpec x, TensorSpec weight, float alpha = 1, TensorCategory category = TensorCategory.Activation)
    {
        RequireRank(output, weight, 2);
        RequireRow(output, x, x.Shape.Last, weight);
        TensorSpec c = Output(output, [.. x.Shape.Take(x.Shape.Rank - 1), weight.Shape[0]], category);
        AddLinear(c, x, x.Shape.Last, weight, x.Shape.Rows, alpha);
        return c;
    }

    /// <summary>x weight^T where all dimensions of x but the first are one row: x [B,C,H,W] and weight [out,C*H*W] give [B,out].</summary>
    public TensorSpec FlattenedLinear(string output, TensorSpec x, TensorSpec weight, TensorCategory category = TensorCategory.Activation)
    {
        RequireRank(output, weight, 2);
        long row = x.Shape.Elements / x.Shape[0];
        RequireRow(output, x, row, weight);
        TensorSpec c = Output(output, [x.Shape[0], weight.Shape[0]], category);
        AddLinear(c, x, row, weight, x.Shape[0], alpha: 1);
        return c;
    }

    /// <summary>Rows x[b,0,:] of x [B,S,in] times weight^T, weight [out,in]: [B,out]. The other rows are not read.</summary>
    public TensorSpec FirstTokenLinear(string output, TensorSpec x, TensorSpec weight, TensorCategory category = TensorCategory.Activation)
    {
        RequireRank(output, x, 3);
        RequireRank(output, weight, 2);
        TensorSpec c = Output(output, [x.Shape[0], weight.Shape[0]], category);
        AddLinear(c, x, x.Shape[1] * x.Shape[2], weight, x.Shape[0], alpha: 1);
        return c;
    }

    /// <summary>For each of B*A heads q k^T: [B,A,Q,d] and [B,A,K,d] give [B,A,Q,K].</summary>
    public TensorSpec AttentionScores(string output, TensorSpec query, TensorSpec key)
    {
        RequireRank(output, query, 4);
        RequireRank(output, key, 4);
        (long rows, long columns, long width) = (query.Shape[2], key.Shape[2], query.Shape[3]);
        TensorSpec c = Output(output, [query.Shape[0], query.Shape[1], rows, columns]);
        Add(new GemmStep(
            c.Name, query, new MatrixLayout(width, rows * width, Transposed: false), key, new MatrixLayout(width, columns * width, Transposed: true),
            c, new MatrixLayout(columns, rows * columns, Transposed: false),
            Batch: query.Shape[0] * query.Shape[1], M: rows, N: columns, K: width, Alpha: 1));
        return c;
    }

    /// <summary>For each of B*A heads probs v: [B,A,Q,K] and [B,A,K,d] give [B,A,Q,d].</summary>
    public TensorSpec AttentionContext(string output, TensorSpec probabilities, TensorSpec value)
    {
        RequireRank(output, probabilities, 4);
        RequireRank(output, value, 4);
        (long rows, long inner, long width) = (probabilities.Shape[2], probabilities.Shape[3], value.Shape[3]);
        TensorSpec c = Output(output, [probabilities.Shape[0], probabilities.Shape[1], rows, width]);
        Add(new GemmStep(
            c.Name, probabilities, new MatrixLayout(inner, rows * inner, Transposed: false), value, new MatrixLayout(width, inner * width, Transposed: false),
            c, new MatrixLayout(width, rows * width, Transposed: false),
            Batch: probabilities.Shape[0] * probabilities.Shape[1], M: rows, N: width, K: inner, Alpha: 1));
        return c;
    }

    // Images.

    /// <summary>
    /// x [N,C,H,W], weight [K,C,R,S], bias [K] give [N,K,P,Q]. What workspace the device asks for is declared as
    /// <paramref name="workspaceName"/>, f32, rounded up to whole elements; none where it asks for none.
    /// </summary>
    public TensorSpec Convolution(
        string output, string workspaceName, TensorSpec x, TensorSpec weight, TensorSpec bias, int padding, int stride, bool relu,
        IConvolutionWorkspace device, TensorCategory category = TensorCategory.Activation)
    {
        RequireRank(output, x, 4);
        RequireRank(output, weight, 4);
        ConvolutionShape shape = StepShapes.Convolution(x.Shape, weight.Shape, padding, stride);
        TensorSpec y = Output(output, [shape.N, shape.K, shape.P, shape.Q], category);
        long workspaceBytes = device.WorkspaceBytes(shape);
        TensorSpec? workspace = workspaceBytes == 0
            ? null
            : Output(workspaceName, [(workspaceBytes + 3) / 4], TensorCategory.Workspace);
        Add(new ConvolutionStep(y.Name, x, weight, bias, y, workspace, padding, stride, relu));
        return y;
    }

    /// <summary>x [N,C,H,W] to [N,C,(H-window)/stride+1,(W-window)/stride+1].</summary>
    public TensorSpec MaxPool(string output, TensorSpec x, int window, int stride, TensorCategory category = TensorCategory.Activation)
    {
        RequireRank(output, x, 4);
        TensorSpec y = Output(
            output, [x.Shape[0], x.Shape[1], (x.Shape[2] - window) / stride + 1, (x.Shape[3] - window) / stride + 1], category);
        Add(new MaxPoolStep(y.Name, x, y, window, stride));
        return y;
    }

    /// <summary>x [N,C,H,W] to [N,C,height,width].</summary>
    public TensorSpec AdaptiveAveragePool(
        string output, TensorSpec x, long height, long width, TensorCategory category = TensorCategory.Activation)
    {
        RequireRank(output, x, 4);
        TensorSpec y = Output(output, [x.Shape[0], x.Shape[1], height, width], category);
        Add(new AdaptiveAveragePoolStep(y.Name, x, y));
        return y;
    }

    // Element by element.

    public TensorSpec BiasActivation(
        string output, TensorSpec x, TensorSpec? bias, Activation activation, TensorCategory category = TensorCategory.Activation)
    {
        TensorSpec y = Output(output, [.. x.Shape], category);
        Add(new BiasActivationStep(y.Name, x, bias, y, activation));
        return y;
    }

    /// <summary>x = activation(x + bias), step <c>x:bias_relu</c>, <c>x:relu</c>, <c>x:bias</c> and so on.</summary>
    public void BiasActivationInPlace(TensorSpec x, TensorSpec? bias, Activation activation)
    {
        string[] parts = [.. bias is null ? Array.Empty<string>() : ["bias"], .. activation is Activation.None ? Array.Empty<string>() : [Label(activation)]];
        Add(new BiasActivationStep($"{x.Name}:{string.Join('_', parts)}", x, bias, x, activation));
    }

    public TensorSpec Add(string output, TensorSpec a, TensorSpec b, TensorCategory category = TensorCategory.Activation)
    {
        TensorSpec y = Output(output, [.. a.Shape], category);
        Add(new AddStep(y.Name, a, b, y));
        return y;
    }

    // Attention.

    /// <summary>x [B,S,A*d] plus bias [A*d] to [B,A,S,d].</summary>
    public TensorSpec SplitHeads(
        string output, TensorSpec x, TensorSpec? bias, long heads, TensorCategory category = TensorCategory.Activation)
    {
        RequireRank(output, x, 3);
        if (heads < 1 || x.Shape[2] % heads != 0)
        {
            throw Bad(output, $"{heads} heads do not divide the last dimension of tensor {x}");
        }

        TensorSpec y = Output(output, [x.Shape[0], heads, x.Shape[1], x.Shape[2] / heads], category);
        Add(new SplitHeadsStep(y.Name, x, bias, y));
        return y;
    }

    /// <summary>x [B,A,S,d] to [B,S,A*d].</summary>
    public TensorSpec MergeHeads(string output, TensorSpec x, TensorCategory category = TensorCategory.Activation)
    {
        RequireRank(output, x, 4);
        TensorSpec y = Output(output, [x.Shape[0], x.Shape[2], x.Shape[1] * x.Shape[3]], category);
        Add(new MergeHeadsStep(y.Name, x, y));
        return y;
    }

    /// <summary>softmax(scale * x + positionBias + mask) over the last dimension of x [B,A,Q,K]; positionBias [A,Q,K], mask [B,K].</summary>
    public TensorSpec Softmax(
        string output, TensorSpec x, float scale = 1, TensorSpec? positionBias = null, TensorSpec? mask = null,
        TensorCategory category = TensorCategory.Activation)
    {
        TensorSpec y = Output(output, [.. x.Shape], category);
        Add(new SoftmaxStep(y.Name, x, positionBias, mask, y, scale));
        return y;
    }

    /// <summary>i64 mask of ones and zeros to the f32 addend of the same shape.</summary>
    public TensorSpec AttentionMask(string output, TensorSpec mask, TensorCategory category = TensorCategory.Activation)
    {
        TensorSpec y = Output(output, [.. mask.Shape], category);
        Add(new AttentionMaskStep(y.Name, mask, y));
        return y;
    }

    /// <summary>table [buckets,A] to [A,queries,keys].</summary>
    public TensorSpec RelativePositionBias(
        string output, TensorSpec table, long queries, long keys, bool causal, int maxDistance,
        TensorCategory category = TensorCategory.Activation)
    {
        RequireRank(output, table, 2);
        TensorSpec y = Output(output, [table.Shape[1], queries, keys], category);
        Add(new RelativePositionBiasStep(y.Name, table, y, causal, maxDistance));
        return y;
    }

    // Norms over the last dimension.

    /// <summary>Layer norm of (x + bias + residual).</summary>
    public TensorSpec LayerNorm(
        string output, TensorSpec x, TensorSpec? bias, TensorSpec? residual, TensorSpec gamma, TensorSpec beta, float epsilon,
        TensorCategory category = TensorCategory.Activation)
    {
        TensorSpec y = Output(output, [.. x.Shape], category);
        Add(new LayerNormStep(y.Name, x, bias, residual, gamma, beta, y, epsilon));
        return y;
    }

    /// <summary>RMS norm of (x + residual); the sum itself is not kept.</summary>
    public TensorSpec RmsNorm(
        string output, TensorSpec x, TensorSpec? residual, TensorSpec gamma, float epsilon,
        TensorCategory category = TensorCategory.Activation)
    {
        TensorSpec y = Output(output, [.. x.Shape], category);
        Add(new RmsNormStep(y.Name, x, residual, gamma, Sum: null, y, epsilon));
        return y;
    }

    /// <summary>RMS norm of the sum x + residual, which is kept too.</summary>
    public (TensorSpec Sum, TensorSpec Normed) AddRmsNorm(
        string sumOutput, string output, TensorSpec x, TensorSpec residual, TensorSpec gamma, float epsilon)
    {
        TensorSpec sum = Output(sumOutput, [.. x.Shape]);
        TensorSpec y = Output(output, [.. x.Shape]);
        Add(new RmsNormStep(sum.Name, x, residual, gamma, sum, y, epsilon));
        return (sum, y);
    }

    // Dropout.

    /// <summary>x = (x + bias) with elements dropped, step <c>x:dropout</c> or <c>x:bias_dropout</c>.</summary>
    /// <param name="stream">number of the dropout step in the program</param>
    /// <param name="keepsMask">what was dropped is kept, as <c>x.dropout_mask</c></param>
    public void DropoutInPlace(TensorSpec x, TensorSpec? bias, TensorSpec seed, int stream, double probability, bool keepsMask) => Add(new DropoutStep(
        bias is null ? $"{x.Name}:dropout" : $"{x.Name}:bias_dropout", x, bias, seed, x, DropoutMask(x, keepsMask), stream, probability));

    /// <summary>x with elements dropped.</summary>
    /// <inheritdoc cref="DropoutInPlace"/>
    public TensorSpec Dropout(string output, TensorSpec x, TensorSpec seed, int stream, double probability, bool keepsMask)
    {
        TensorSpec y = Output(output, [.. x.Shape]);
        Add(new DropoutStep(y.Name, x, Bias: null, seed, y, DropoutMask(x, keepsMask), stream, probability));
        return y;
    }

    // The loss.

    /// <summary>Cross entropy of each row of logits [...,N] against its label: <c>loss.rows</c>, then their sum times scale, the output <c>loss</c> [1].</summary>
    public void CrossEntropyLoss(TensorSpec logits, TensorSpec labels, float scale)
    {
        TensorSpec rows = Output("loss.rows", [logits.Shape.Rows]);
        Add(new CrossEntropyStep(rows.Name, logits, labels, rows));
        TensorSpec loss = Declare("loss", new Shape(1), DType.F32, TensorCategory.Output);
        Add(new ScaledSumStep(loss.Name, rows, loss, scale));
    }

    // Embeddings.

    /// <summary>ids [...] and table [V,H] give [...,H].</summary>
    public TensorSpec Embedding(string output, TensorSpec ids, TensorSpec table, TensorCategory category = TensorCategory.Activation)
    {
        TensorSpec y = Output(output, [.. ids.Shape, table.Shape.Last], category);
        Add(new EmbeddingStep(y.Name, ids, table, y));
        return y;
    }

    /// <summary>ids and typeIds [B,S], tables [V,H], [P,H], [T,H] give [B,S,H].</summary>
    public TensorSpec BertEmbedding(
        string output, TensorSpec ids, TensorSpec typeIds, TensorSpec word, TensorSpec position, TensorSpec type,
        TensorCategory category = TensorCategory.Activation)
    {
        TensorSpec y = Output(output, [.. ids.Shape, word.Shape.Last], category);
        Add(new BertEmbeddingStep(y.Name, ids, typeIds, word, position, type, y));
        return y;
    }

    private TensorSpec? DropoutMask(TensorSpec x, bool keepsMask) =>
        keepsMask ? Declare($"{x.Name}.dropout_mask", x.Shape, DType.U8, TensorCategory.Activation) : null;

    private void AddLinear(TensorSpec c, TensorSpec x, long rowStride, TensorSpec weight, long rows, float alpha)
    {
        (long outputs, long inputs) = (weight.Shape[0], weight.Shape[1]);
        Add(new GemmStep(
            c.Name, x, new MatrixLayout(rowStride, BatchStride: 0, Transposed: false), weight, new MatrixLayout(inputs, BatchStride: 0, Transposed: true),
            c, new MatrixLayout(outputs, BatchStride: 0, Transposed: false), Batch: 1, M: rows, N: outputs, K: inputs, alpha));
    }

    /// <summary>What a step writes: always f32.</summary>
    private TensorSpec Output(string tensor, ReadOnlySpan<long> shape, TensorCategory category = TensorCategory.Activation)
    {
        foreach (long dimension in shape)
        {
            if (dimension < 1)
            {
                throw Bad(tensor, $"tensor '{tensor}' would have the shape [{string.Join(',', shape.ToArray())}]");
            }
        }

        bool isKept = category is TensorCategory.Output && !handsOverOutputs;
        return Declare(tensor, new Shape(shape), DType.F32, isKept ? TensorCategory.Activation : category);
    }

    private void RequireRank(string step, TensorSpec tensor, int rank)
    {
        if (tensor.Shape.Rank != rank)
        {
            throw Bad(step, $"tensor {tensor} must have {rank} dimensions");
        }
    }

    private void RequireRow(string step, TensorSpec x, long row, TensorSpec weight)
    {
        if (row != weight.Shape[1])
        {
            throw Bad(step, $"a row of tensor {x} has {row} elements, tensor {weight} takes {weight.Shape[1]}");
        }
    }

    private CheckFailedException Bad(string step, string what) => new($"program '{name}', step '{step}': {what}");

    private static string Label(Activation activation) => activation switch
    {
        Activation.Relu => "relu",
        Activation.Gelu => "gelu",
        Activation.Tanh => "tanh",
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, null),
    };
}
