using System.Collections.Immutable;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Models.Analytic;
using Harness.Models.Analytic.Training;
using Harness.Models.Tests.Oracles.Training;
using Harness.Models.Training;
using Harness.Models.Weights;
using ProductOptimizer = Harness.Models.Training.Optimizer;
using ProductPass = Harness.Models.Training.TrainingPass;

namespace Harness.Models.Tests.WholeModels.Training;

/// <summary>What a training step of a small model is asked for.</summary>
internal sealed record TrainedCase(string Architecture, ProductOptimizer Optimizer, double Dropout = 0, long? MicroBatch = null, bool Recompute = false);

/// <summary>
/// The passes of a small model's training step as programs; where it starts and what each step is given, drawn from the step's number: inputs, labels
/// and dropout seeds. Beside them the oracle of the same model, and what the formulas say of the same passes.
/// </summary>
internal sealed class TrainedPrograms
{
    private readonly TrainedCase _case;
    private readonly StepProgram _whole;
    private readonly Func<TensorSpec, TensorValues> _values;
    private readonly long _classes;
    private readonly Func<long, ProductPass, AnalyticAccount> _account;

    public TrainedPrograms(TrainedCase asked, IConvolutionWorkspace device)
    {
        _case = asked;
        long samples;
        Func<long, ProductPass, StepProgram> build;
        (_values, _classes, samples, Oracle, build, _account) = asked.Architecture switch
        {
            "bert" => (
                ModelValues.Bert(Bert), BertConfig.Classes, Bert.Batch, new BertTraining(Bert),
                (batch, pass) => BertProgram.BuildTraining(Bert with { Batch = batch }, pass, device),
                (batch, pass) => BertTrainingFormulas.Of(Bert with { Batch = batch }, pass)),
            "t5" => (
                ModelValues.T5(T5), T5.Vocabulary, T5.Batch, new T5Training(T5),
                (batch, pass) => T5Program.BuildTraining(T5 with { Batch = batch }, pass, device),
                (batch, pass) => T5TrainingFormulas.Of(T5 with { Batch = batch }, pass)),
            "vgg16" => OfVgg16(SmallModel.Vgg16, device),
            "vgg16:3" => OfVgg16(Vgg16OfThreeStages, device),
            "mlp" => OfMlp(Mlp, device),
            "mlp:nobias" => OfMlp(Mlp with { Bias = false }, device),
            "mnist-cnn" => (
                ModelValues.ReluNetwork, MnistCnn.Classes, MnistCnn.Batch, new MnistCnnTraining(MnistCnn),
                (batch, pass) => MnistCnnProgram.BuildTraining(MnistCnn with { Batch = batch }, pass, device),
                (batch, pass) => MnistCnnTrainingFormulas.Of(MnistCnn with { Batch = batch }, pass)),
            _ => throw new ArgumentOutOfRangeException(nameof(asked), asked, null),
        };
        MicroBatch = asked.MicroBatch ?? samples;
        int parts = (int)(samples / MicroBatch);
        _whole = build(samples, Pass(samples, continues: false, updates: true));
        Passes = [.. Enumerable.Range(0, parts).Select(part => Pass(samples, continues: part > 0, updates: part == parts - 1))];
        Programs = [.. Passes.Select(pass => build(MicroBatch, pass))];
    }

    public static BertConfig Bert { get; } = SmallModel.Bert with { Batch = 4 };

    /// <summary>No two sizes alike.</summary>
    public static T5Config T5 { get; } = SmallModel.T5 with { Batch = 4, DecoderSequence = 6 };

    /// <summary>Its last maps are 3 x 3, which the adaptive pool shares out among 7 x 7 cells.</summary>
    public static Vgg16Config Vgg16OfThreeStages { get; } = new(
        Batch: 2, ImageSize: 27, Classes: 5, HiddenUnits: 13, [[2, 3], [3, 5], [5, 6, 4]]);

    public static MlpConfig Mlp { get; } = SmallModel.Mlp with { Batch = 4 };

    public static MnistCnnConfig MnistCnn { get; } = SmallModel.MnistCnn;

    public ITrainedModel Oracle { get; }

    /// <summary>Samples of a pass.</summary>
    public long MicroBatch { get; }

    /// <summary>In order, the last one updates.</summary>
    public ImmutableArray<ProductPass> Passes { get; }

    /// <summary>Of the passes.</summary>
    public ImmutableArray<StepProgram> Programs { get; }

    /// <summary>Names of the parameters.</summary>
    public IEnumerable<string> Parameters => _whole.Of(TensorCategory.Parameter).Select(tensor => tensor.Name);

    /// <summary>Names of the optimizer's states.</summary>
    public IEnumerable<string> States => Programs[^1].Of(TensorCategory.OptimizerState).Select(tensor => tensor.Name);

    /// <summary>What the formulas say of a pass.</summary>
    public AnalyticAccount Account(int part) => _account(MicroBatch, Passes[part]);

    /// <summary>A parameter or a state before the first step.</summary>
    public byte[] Start(TensorSpec tensor) => Drawn(tensor, seed: 42);

    /// <summary>What the oracle is given for the step.</summary>
    public TrainingBatch Batch(int step)
    {
        var reals = new Dictionary<string, double[]>();
        var ids = new Dictionary<string, long[]>();
        foreach (TensorSpec input in _whole.Of(TensorCategory.Input).Where(input => input.Name is not ("labels" or "dropout_seed" or "bias_corrections")))
        {
            byte[] bytes = Drawn(input, step);
            if (input.DType is DType.F32)
            {
                reals.Add(input.Name, SmallModel.Reals(bytes));
            }
            else
            {
                ids.Add(input.Name, SmallModel.Ids(bytes));
            }
        }

        long[] seeds = _case.Dropout > 0 ? [.. Enumerable.Range(0, Passes.Length).Select(part => DropoutSeed(step, part))] : [];
        return new TrainingBatch(reals, ids, SmallModel.Ids(Drawn(_whole.Find("labels")!, step)), seeds);
    }

    /// <summary>The input's part of the batch; seeds and corrections belong to the pass.</summary>
    public byte[] InputOf(TensorSpec input, int step, int part)
    {
        switch (input.Name)
        {
            case "dropout_seed":
                return BitConverter.GetBytes(DropoutSeed(step, part));
            case "bias_corrections":
                byte[] corrections = new byte[input.Bytes];
                new SeededTensors(0, TrainingValues.Of(_values, _classes, update: step + 1)).Read(input, corrections);
                return corrections;
            default:
                byte[] whole = Drawn(_whole.Find(input.Name)!, step);
                int length = whole.Length / Passes.Length;
                return whole[(part * length)..((part + 1) * length)];
        }
    }

    private static (Func<TensorSpec, TensorValues>, long, long, ITrainedModel, Func<long, ProductPass, StepProgram>, Func<long, ProductPass, AnalyticAccount>)
        OfVgg16(Vgg16Config config, IConvolutionWorkspace device) => (
            ModelValues.ReluNetwork, config.Classes, config.Batch, new Vgg16Training(config),
            (batch, pass) => Vgg16Program.BuildTraining(config with { Batch = batch }, pass, device),
            (batch, pass) => Vgg16TrainingFormulas.Of(config with { Batch = batch }, pass));

    private static (Func<TensorSpec, TensorValues>, long, long, ITrainedModel, Func<long, ProductPass, StepProgram>, Func<long, ProductPass, AnalyticAccount>)
        OfMlp(MlpConfig config, IConvolutionWorkspace device) => (
            ModelValues.ReluNetwork, config.Sizes[^1], config.Batch, new MlpTraining(config),
            (batch, pass) => MlpProgram.BuildTraining(config with { Batch = batch }, pass, device),
            (batch, pass) => MlpTrainingFormulas.Of(config with { Batch = batch }, pass));

    private static long DropoutSeed(int step, int part) => 7_000_000_019L * (step + 1) + part;

    private byte[] Drawn(TensorSpec tensor, int seed)
    {
        byte[] bytes = new byte[tensor.Bytes];
        new SeededTensors((ulong)(1000 + seed), TrainingValues.Of(_values, _classes)).Read(tensor, bytes);
        return bytes;
    }

    private ProductPass Pass(long samples, bool continues, bool updates) =>
        new(_case.Optimizer, samples, _case.Dropout, _case.Recompute, continues, updates);
}
