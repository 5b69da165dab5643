using Harness.Benchmarks;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Models;
using Harness.Models.Analytic;
using Harness.Models.Training;

namespace Harness.Tests.Benchmarks;

/// <summary>The cost of a step from its geometry against the formulas' cost of the same step, which know no geometry.</summary>
public sealed class StepCostTests
{
    [Theory]
    [InlineData("vgg16", 1L, null, null)]
    [InlineData("vgg16", 3L, null, null)]
    [InlineData("bert-base", 8L, 64L, null)]
    [InlineData("bert-base", 3L, 37L, null)]
    [InlineData("t5-small", 8L, 64L, 1L)]
    [InlineData("t5-small", 2L, 37L, 5L)]
    [InlineData("mnist-mlp", 64L, null, null)]
    [InlineData("cifar-mlp", 1L, null, null)]
    [InlineData("mnist-cnn", 3L, null, null)]
    [InlineData("mlp:7-1-9-3:nobias", 5L, null, null)]
    public void Every_step_of_the_models_costs_what_the_formulas_say(string name, long batch, long? sequence, long? decoderSequence)
    {
        Model model = ModelCatalog.Find(name);
        ModelSize size = model.Size(batch, sequence, decoderSequence);
        using var device = new NullDevice();
        StepProgram program = model.Program(size, device);
        Dictionary<string, AnalyticStep> formulas = model.Account(size, null).Steps.ToDictionary(step => step.Name);
        Assert.Equal(formulas.Count, program.Steps.Length);
        Assert.All(program.Steps, step =>
        {
            AnalyticStep formula = formulas[step.Name];
            Assert.Equal(new StepCost(formula.Flops.Value, formula.BytesRead.Value, formula.BytesWritten.Value), StepCost.Of(step));
        });
    }

    [Theory]
    [InlineData("vgg16", 2L, null, null, false)]
    [InlineData("bert-base", 3L, 37L, null, false)]
    [InlineData("bert-base", 2L, 16L, null, true)]
    [InlineData("t5-small", 2L, 37L, 5L, false)]
    [InlineData("t5-small", 3L, 16L, 7L, true)]
    [InlineData("mnist-mlp", 64L, null, null, false)]
    [InlineData("mnist-cnn", 3L, null, null, false)]
    [InlineData("mlp:7-1-9-3:nobias", 5L, null, null, false)]
    public void Every_step_of_a_training_pass_costs_what_the_formulas_say(string name, long batch, long? sequence, long? decoderSequence, bool recompute)
    {
        Model model = ModelCatalog.Find(name);
        ModelSize size = model.Size(batch, sequence, decoderSequence);
        using var device = new NullDevice();
        foreach (Optimizer optimizer in Enum.GetValues<Optimizer>())
        {
            // Two with dropout, two that add to the gradients of an earlier pass.
            var pass = new TrainingPass(
                optimizer, StepBatch: 2 * batch, optimizer is Optimizer.Sgd or Optimizer.Adam ? model.Training.Dropout ?? 0 : 0, recompute,
                ContinuesGradients: optimizer is Optimizer.Sgd or Optimizer.AdamW, Updates: true);
            StepProgram program = model.Training.Program(size, pass, device);
            Dictionary<string, AnalyticStep> formulas = model.Training.Account(size, pass, null).Steps.ToDictionary(step => step.Name);
            Assert.Equal(formulas.Count, program.Steps.Length);
            Assert.All(program.Steps, step =>
            {
                AnalyticStep formula = formulas[step.Name];
                Assert.Equal(new StepCost(formula.Flops.Value, formula.BytesRead.Value, formula.BytesWritten.Value), StepCost.Of(step));
            });
        }
    }

    [Fact]
    public void Hand_computed()
    {
        // [2,3] [3,4]: 24 multiply-accumulates; 6 + 12 floats read, 8 written.
        Assert.Equal(new StepCost(48, 72, 32), Of(b => b.Linear("y", Input(b, "x", 2, 3), Input(b, "w", 4, 3), category: TensorCategory.Output)));

        // Four windows of 3 x 3 at stride 2 over 5 x 5: 8 comparisons each, all 25 elements read.
        Assert.Equal(new StepCost(32, 100, 16), Of(b => b.MaxPool("y", Input(b, "x", 1, 1, 5, 5), window: 3, stride: 2, TensorCategory.Output)));

        // 5 to 3 cells: rows 0-1, 1-3, 3-4, seven in all; 49 additions and 9 divisions.
        Assert.Equal(new StepCost(58, 100, 36), Of(b => b.AdaptiveAveragePool("y", Input(b, "x", 1, 1, 5, 5), 3, 3, TensorCategory.Output)));

        // Two rows of 4: sum of squares 2, normalise and gain 2, residual 1, and 3 a row; x, residual and gamma read.
        Assert.Equal(new StepCost(46, 80, 32), Of(b => b.RmsNorm("y", Input(b, "x", 2, 4), Input(b, "r", 2, 4), Input(b, "g", 4), 1e-6f, TensorCategory.Output)));
        Assert.Equal(new StepCost(8, 64, 32), Of(b => b.Add("y", Input(b, "a", 8), Input(b, "b", 8), TensorCategory.Output)));
    }

    [Fact]
    public void Hand_computed_training()
    {
        // Ten weights, 40 bytes a tensor; the corrections 8.
        Assert.Equal(new StepCost(20, 80, 40), Of(b => b.Add(new SgdStep("w:sgd", Weights(b, "w"), Weights(b, "g"), 0.1f))));
        Assert.Equal(new StepCost(40, 120, 80), Of(b => b.Add(new MomentumStep("w:m", Weights(b, "w"), Weights(b, "g"), Weights(b, "m"), 0.1f, 0.9f))));
        Assert.Equal(new StepCost(150, 168, 120), Of(b => b.Add(new AdamStep(
            "w:adam", Weights(b, "w"), Weights(b, "g"), Weights(b, "m"), Weights(b, "v"), b.Input("c", DType.F32, 2), 0.1f, 0.9f, 0.999f, 0, 0.01f))));

        // Twelve numbers, an addition each; one more for each result where there is something.
        Assert.Equal(new StepCost(12, 48, 16), Of(b => b.Add(new RowSumStep("y", Input(b, "x", 3, 4), Result(b, 4), Accumulate: false))));
        Assert.Equal(new StepCost(12, 48, 8), Of(b => b.Add(new ChannelSumStep("y", Input(b, "x", 3, 2, 1, 2), Result(b, 2), Accumulate: false))));
        Assert.Equal(new StepCost(12, 48, 24), Of(b => b.Add(new BatchSumStep("y", Input(b, "x", 2, 6), Result(b, 6), Accumulate: false))));
        Assert.Equal(new StepCost(16, 64, 16), Of(b =>
        {
            TensorSpec y = b.Add("y", Input(b, "u", 4), Input(b, "v", 4), TensorCategory.Output);
            b.Add(new RowSumStep("y:more", Input(b, "x", 3, 4), y, Accumulate: true));
        }));

        // Three rows of four logits; the 24 bytes of labels.
        Assert.Equal(new StepCost((4 * 12) + (3 * 3), 48 + 24, 12), Of(b => b.Add(
            new CrossEntropyStep("y", Input(b, "x", 3, 4), b.Input("labels", DType.I64, 3), Result(b, 3)))));
        Assert.Equal(new StepCost(7 * 12, 48 + 24, 48), Of(b => b.Add(
            new CrossEntropyBackwardStep("y", Input(b, "x", 3, 4), b.Input("labels", DType.I64, 3), Result(b, 3, 4), 1))));
        Assert.Equal(new StepCost(13, 48, 4), Of(b => b.Add(new ScaledSumStep("y", Input(b, "x", 3, 4), Result(b, 1), 2))));

        // Six rows of two numbers: six rows of a table of ten are read and written, four of a table of four; three where they are the positions.
        Assert.Equal(new StepCost(12, 48 + 48 + 48, 48), Of(b => Embed(b, 10, hasIds: true)));
        Assert.Equal(new StepCost(12, 48 + 48 + 32, 32), Of(b => Embed(b, 4, hasIds: true)));
        Assert.Equal(new StepCost(12, 48 + 24, 24), Of(b => Embed(b, 10, hasIds: false)));

        // Two heads of three queries and two keys: 6 pairs each; causal, the first query has one key, the others two.
        Assert.Equal(new StepCost(12, 48, 64), Of(b => b.Add(
            new RelativePositionBiasBackwardStep("y", Input(b, "dy", 2, 3, 2), Result(b, 8, 2), Causal: false, 20, Accumulate: false))));
        Assert.Equal(new StepCost(10, 48, 64), Of(b => b.Add(
            new RelativePositionBiasBackwardStep("y", Input(b, "dy", 2, 3, 2), Result(b, 8, 2), Causal: true, 20, Accumulate: false))));

        // 5 from 3 cells, as forward: 9 divisions and 49 additions.
        Assert.Equal(new StepCost(58, 36, 100), Of(b => b.Add(
            new AdaptiveAveragePoolBackwardStep("y", Input(b, "dy", 1, 1, 3, 3), Result(b, 1, 1, 5, 5)))));

        // Twelve numbers and their bytes.
        Assert.Equal(new StepCost(36, 48 + 16 + 8, 48 + 12), Of(b => b.Add(new DropoutStep(
            "y", Input(b, "x", 3, 4), Input(b, "bias", 4), b.Input("seed", DType.I64, 1), Result(b, 3, 4),
            b.Declare("mask", new Shape(3, 4), DType.U8, TensorCategory.Output), 0, 0.5))));
        Assert.Equal(new StepCost(24, 48 + 12, 48), Of(b => b.Add(
            new DropoutBackwardStep("y", b.Input("mask", DType.U8, 3, 4), Input(b, "dy", 3, 4), Result(b, 3, 4), 0.5))));

        static void Embed(ProgramBuilder b, long rows, bool hasIds)
        {
            TensorSpec table = Result(b, rows, 2);
            b.Add(new FillZeroStep("y", table));
            b.Add(new EmbeddingBackwardStep("y:from", hasIds ? b.Input("ids", DType.I64, 2, 3) : null, Input(b, "dy", 2, 3, 2), table));
        }

        // Two rows of 4: products, sum, difference and product, and a scale other than 1.
        Assert.Equal(new StepCost(32, 64, 32), Of(b => b.Add(new SoftmaxBackwardStep("y", Input(b, "x", 1, 1, 2, 4), Input(b, "g", 1, 1, 2, 4), Scores(b), 1))));
        Assert.Equal(new StepCost(40, 64, 32), Of(b => b.Add(new SoftmaxBackwardStep("y", Input(b, "x", 1, 1, 2, 4), Input(b, "g", 1, 1, 2, 4), Scores(b), 2))));

        // Two rows of 4 with both other terms: 2 for the terms, 5 as far as the variance, normalise, 3 for both sums, and 4 a row.
        Assert.Equal(new StepCost(88, 112, 32), Of(b => b.Add(new LayerNormParametersBackwardStep(
            "y", Input(b, "x", 2, 4), Input(b, "b", 4), Input(b, "r", 2, 4), Input(b, "g", 2, 4), Named(b, "y", 4), Named(b, "z", 4), Statistics(b, 2, 2),
            0, Accumulate: false))));

        // 2 for the terms, 5, normalise, gain, its mean, 2 for the mean of the product, 3 for the bracket, times the root, and 6 a row.
        Assert.Equal(new StepCost(132, 128, 64), Of(b => b.Add(new LayerNormBackwardStep(
            "y", Input(b, "x", 2, 4), Input(b, "b", 4), Input(b, "r", 2, 4), Input(b, "gamma", 4), Input(b, "g", 2, 4), Named(b, "y", 2, 4),
            Named(b, "z", 2, 4), AccumulateResidual: false, 0))));

        // Squares and sum 2, normalise, times dy and sum 2, and 3 a row; then 2, normalise, gain, 2, 2, the root and another gradient, and 4 a row.
        Assert.Equal(new StepCost(46, 64, 16), Of(b => b.Add(new RmsNormParametersBackwardStep(
            "y", Input(b, "x", 2, 4), null, Input(b, "g", 2, 4), Named(b, "y", 4), Statistics(b, 2), 0, Accumulate: false))));
        Assert.Equal(new StepCost(88, 112, 64), Of(b => b.Add(new RmsNormBackwardStep(
            "y", Input(b, "x", 2, 4), null, Input(b, "gamma", 4), Input(b, "g", 2, 4), Input(b, "s", 2, 4), Named(b, "y", 2, 4), AccumulateX: false,
            Named(b, "z", 2, 4), AccumulateResidual: false, 0))));

        // [2,3] [3,5] added to [2,5]: 30 multiply-accumulates and 10 additions.
        Assert.Equal(new StepCost(70, 24 + 60 + 40, 40), Of(b =>
        {
            TensorSpec y = b.Add("y", Input(b, "u", 2, 5), Input(b, "v", 2, 5), TensorCategory.Output);
            var (left, right) = (new MatrixLayout(3, 0, false), new MatrixLayout(5, 0, false));
            b.Add(new GemmStep("y:more", Input(b, "a", 2, 3), left, Input(b, "b", 3, 5), right, y, right, 1, 2, 5, 3, 1, Accumulate: true));
        }));

        static TensorSpec Result(ProgramBuilder b, params ReadOnlySpan<long> shape) =>
            b.Declare("y", new Shape(shape), DType.F32, TensorCategory.Output);

        static TensorSpec Scores(ProgramBuilder b) => Named(b, "y", 1, 1, 2, 4);

        static TensorSpec Named(ProgramBuilder b, string name, params ReadOnlySpan<long> shape) =>
            b.Declare(name, new Shape(shape), DType.F32, TensorCategory.Output);

        static TensorSpec Statistics(ProgramBuilder b, params ReadOnlySpan<long> shape) =>
            b.Declare("statistics", new Shape(shape), DType.F32, TensorCategory.Workspace);

        // [2,1,4,4] * [3,1,3,3] without padding: 2 * 3 * 4 outputs of 9 products each, both ways; 32, 24 and 27 floats.
        Assert.Equal(new StepCost(432, 4 * (32 + 24), 108), Of(b => b.Add(new ConvolutionWeightBackwardStep(
            "dw", Input(b, "x", 2, 1, 4, 4), Input(b, "dy", 2, 3, 2, 2), b.Declare("dw", new Shape(3, 1, 3, 3), DType.F32, TensorCategory.Output), null, 0, 1, Accumulate: false))));
        Assert.Equal(new StepCost(432 + 27, 4 * (32 + 24 + 27), 108), Of(b =>
        {
            TensorSpec dw = b.Add("dw", Input(b, "u", 3, 1, 3, 3), Input(b, "v", 3, 1, 3, 3), TensorCategory.Output);
            b.Add(new ConvolutionWeightBackwardStep("dw:more", Input(b, "x", 2, 1, 4, 4), Input(b, "dy", 2, 3, 2, 2), dw, null, 0, 1, Accumulate: true));
        }));
        Assert.Equal(new StepCost(432, 4 * (27 + 24), 128), Of(b => b.Add(new ConvolutionDataBackwardStep(
            "dx", Input(b, "w", 3, 1, 3, 3), Input(b, "dy", 2, 3, 2, 2), b.Declare("dx", new Shape(2, 1, 4, 4), DType.F32, TensorCategory.Output), null, 0, 1))));

        // Four windows of 2 x 2 over 5 x 5, of which 16 elements are looked at: 3 comparisons each; overlapping, 9 elements and an addition each.
        Assert.Equal(new StepCost(12, 4 * (16 + 4), 100), Of(b => b.Add(new MaxPoolBackwardStep(
            "dx", Input(b, "x", 1, 1, 5, 5), Input(b, "dy", 1, 1, 2, 2), b.Declare("dx", new Shape(1, 1, 5, 5), DType.F32, TensorCategory.Output), 2, 2))));
        Assert.Equal(new StepCost(36, 4 * (25 + 4), 100), Of(b => b.Add(new MaxPoolBackwardStep(
            "dx", Input(b, "x", 1, 1, 5, 5), Input(b, "dy", 1, 1, 2, 2), b.Declare("dx", new Shape(1, 1, 5, 5), DType.F32, TensorCategory.Output), 3, 2))));

        static TensorSpec Weights(ProgramBuilder b, string name) => b.Parameter(name, 10);
    }

    private static StepCost Of(Action<ProgramBuilder> build) => BenchmarkCases.OfOneStep("one", build).First().Cost;

    private static TensorSpec Input(ProgramBuilder b, string name, params ReadOnlySpan<long> shape) => b.Input(name, DType.F32, shape);
}
