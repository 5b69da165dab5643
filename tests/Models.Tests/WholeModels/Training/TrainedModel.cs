using System.Runtime.InteropServices;
using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Models.Tests.Oracles.Training;
using Harness.Models.Training;
using Harness.Models.Weights;
using ProductOptimizer = Harness.Models.Training.Optimizer;
using ProductPass = Harness.Models.Training.TrainingPass;

namespace Harness.Models.Tests.WholeModels.Training;

/// <summary>What a training step of a small model is asked for.</summary>
internal sealed record TrainedCase(string Architecture, ProductOptimizer Optimizer, double Dropout = 0, long? MicroBatch = null, bool Recompute = false);

/// <summary>
/// A small model that is really trained: the passes of a step as programs over one region of parameters, gradients and optimizer state. Each step has
/// inputs, labels and dropout seeds of its own, drawn from the number of the step.
/// </summary>
internal sealed class TrainedModel : IDisposable
{
    private readonly TrainedCase _case;
    private readonly long _batch;
    private readonly StepProgram _whole;
    private readonly Func<TensorSpec, TensorValues> _values;
    private readonly long _classes;
    private readonly ParameterRegion _region;
    private readonly List<(StepProgram Program, Executor Executor)> _passes = [];

    public TrainedModel(TrainedCase asked, IDevice device)
    {
        _case = asked;
        (_values, _classes, _batch, Oracle) = asked.Architecture switch
        {
            "bert" => (ModelValues.Bert(Bert), BertConfig.Classes, Bert.Batch, (ITrainedModel)new BertTraining(Bert)),
            "t5" => (ModelValues.T5(T5), T5.Vocabulary, T5.Batch, new T5Training(T5)),
            "vgg16" => (ModelValues.ReluNetwork, Vgg16.Classes, Vgg16.Batch, new Vgg16Training(Vgg16)),
            "mlp" => (ModelValues.ReluNetwork, Mlp.Sizes[^1], Mlp.Batch, new MlpTraining(Mlp)),
            "mnist-cnn" => (ModelValues.ReluNetwork, MnistCnn.Classes, MnistCnn.Batch, new MnistCnnTraining(MnistCnn)),
            _ => throw new ArgumentOutOfRangeException(nameof(asked), asked, null),
        };
        MicroBatch = asked.MicroBatch ?? _batch;
        long parts = _batch / MicroBatch;
        _whole = Build(_batch, Pass(continues: false, updates: true), device);
        StepProgram[] programs =
        [
            .. Enumerable.Range(0, (int)parts).Select(part => Build(MicroBatch, Pass(continues: part > 0, updates: part == parts - 1), device)),
        ];
        _region = new ParameterRegion(programs[^1].Tensors.Where(tensor => tensor.Category.IsPersistent()), device);
        foreach (TensorSpec tensor in programs[^1].Tensors.Where(tensor => tensor.Category is TensorCategory.Parameter or TensorCategory.OptimizerState))
        {
            _region.Write(tensor.Name, Drawn(tensor, seed: 42));
        }

        foreach (StepProgram program in programs)
        {
            _passes.Add((program, new Executor(program, MemoryPlanner.Plan(program, Placement.Planned), _region, device)));
        }
    }

    public static BertConfig Bert { get; } = SmallModel.Bert with { Batch = 4 };

    public static T5Config T5 { get; } = SmallModel.T5 with { Batch = 4 };

    public static Vgg16Config Vgg16 { get; } = SmallModel.Vgg16;

    public static MlpConfig Mlp { get; } = SmallModel.Mlp with { Batch = 4 };

    public static MnistCnnConfig MnistCnn { get; } = SmallModel.MnistCnn;

    public ITrainedModel Oracle { get; }

    public long MicroBatch { get; }

    /// <summary>Names of the parameters.</summary>
    public IEnumerable<string> Parameters => _whole.Of(TensorCategory.Parameter).Select(tensor => tensor.Name);

    /// <summary>Names of the optimizer's states.</summary>
    public IEnumerable<string> States => _passes[^1].Program.Of(TensorCategory.OptimizerState).Select(tensor => tensor.Name);

    /// <summary>All passes of a step.</summary>
    /// <param name="step">from 0; the update's number is one more</param>
    /// <returns>the sum of the passes' losses</returns>
    /// <exception cref="InvalidOperationException">it is not finite, and would be equal to the NaN of another model</exception>
    public double Step(int step)
    {
        double loss = 0;
        for (int part = 0; part < _passes.Count; part++)
        {
            (StepProgram program, Executor executor) = _passes[part];
            executor.BeginPass();
            foreach (TensorSpec input in program.Of(TensorCategory.Input))
            {
                executor.Write(input, InputOf(input, step, part));
            }

            executor.RunSteps();
            byte[] bytes = new byte[sizeof(float)];
            executor.Read(program.Find("loss")!, bytes);
            loss += BitConverter.ToSingle(bytes);
            executor.EndPass();
        }

        return double.IsFinite(loss) ? loss : throw new InvalidOperationException($"the loss of step {step} is {loss}");
    }

    /// <summary>The last pass alone, on what is there: what a steady loop does.</summary>
    public (StepProgram Program, Executor Executor) LastPass => _passes[^1];

    /// <summary>A parameter, a gradient <c>P.grad</c> or a state, as it is now.</summary>
    public byte[] Bytes(string name)
    {
        byte[] bytes = new byte[_region.Rows.Single(row => row.Name == name).RequestedBytes];
        _region.Read(name, bytes);
        return bytes;
    }

    public double[] Values(string name) => SmallModel.Reals(Bytes(name));

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

        long[] seeds = _case.Dropout > 0 ? [.. Enumerable.Range(0, _passes.Count).Select(part => DropoutSeed(step, part))] : [];
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
                int length = whole.Length / _passes.Count;
                return whole[(part * length)..((part + 1) * length)];
        }
    }

    public void Dispose()
    {
        foreach ((_, Executor executor) in _passes)
        {
            executor.Dispose();
        }

        _region.Dispose();
    }

    private static long DropoutSeed(int step, int part) => 7_000_000_019L * (step + 1) + part;

    private byte[] Drawn(TensorSpec tensor, int seed)
    {
        byte[] bytes = new byte[tensor.Bytes];
        new SeededTensors((ulong)(1000 + seed), TrainingValues.Of(_values, _classes)).Read(tensor, bytes);
        return bytes;
    }

    private ProductPass Pass(bool continues, bool updates) => new(_case.Optimizer, _batch, _case.Dropout, _case.Recompute, continues, updates);

    private StepProgram Build(long batch, ProductPass pass, IConvolutionWorkspace device) => _case.Architecture switch
    {
        "bert" => BertProgram.BuildTraining(Bert with { Batch = batch }, pass, device),
        "t5" => T5Program.BuildTraining(T5 with { Batch = batch }, pass, device),
        "vgg16" => Vgg16Program.BuildTraining(Vgg16 with { Batch = batch }, pass, device),
        "mlp" => MlpProgram.BuildTraining(Mlp with { Batch = batch }, pass, device),
        _ => MnistCnnProgram.BuildTraining(MnistCnn with { Batch = batch }, pass, device),
    };
}
