using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;

namespace Harness.Models.Tests.WholeModels.Training;

/// <summary>A small model that is really trained: the passes of a step on a device, over one region of parameters, gradients and optimizer state.</summary>
internal sealed class TrainedModel : ITrained, IDisposable
{
    private readonly ParameterRegion _region;
    private readonly List<Executor> _executors = [];

    public TrainedModel(TrainedCase asked, IDevice device)
    {
        Programs = new TrainedPrograms(asked, device);
        StepProgram last = Programs.Programs[^1];
        _region = new ParameterRegion(last.Tensors.Where(tensor => tensor.Category.IsPersistent()), device);
        foreach (TensorSpec tensor in last.Tensors.Where(tensor => tensor.Category is TensorCategory.Parameter or TensorCategory.OptimizerState))
        {
            _region.Write(tensor.Name, Programs.Start(tensor));
        }

        foreach (StepProgram program in Programs.Programs)
        {
            _executors.Add(new Executor(program, MemoryPlanner.Plan(program, Placement.Planned), _region, device));
        }
    }

    public TrainedPrograms Programs { get; }

    public long MicroBatch => Programs.MicroBatch;

    /// <summary>Names of the parameters.</summary>
    public IEnumerable<string> Parameters => Programs.Parameters;

    /// <summary>Names of the optimizer's states.</summary>
    public IEnumerable<string> States => Programs.States;

    /// <exception cref="InvalidOperationException">the loss is not finite, and would be equal to the NaN of another model</exception>
    public double Step(int step)
    {
        double loss = 0;
        for (int part = 0; part < _executors.Count; part++)
        {
            (StepProgram program, Executor executor) = (Programs.Programs[part], _executors[part]);
            executor.BeginPass();
            foreach (TensorSpec input in program.Of(TensorCategory.Input))
            {
                executor.Write(input, Programs.InputOf(input, step, part));
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
    public (StepProgram Program, Executor Executor) LastPass => (Programs.Programs[^1], _executors[^1]);

    /// <summary>A parameter, a gradient <c>P.grad</c> or a state, as it is now.</summary>
    public byte[] Bytes(string name)
    {
        byte[] bytes = new byte[_region.Rows.Single(row => row.Name == name).RequestedBytes];
        _region.Read(name, bytes);
        return bytes;
    }

    public double[] Values(string name) => SmallModel.Reals(Bytes(name));

    public void Dispose()
    {
        foreach (Executor executor in _executors)
        {
            executor.Dispose();
        }

        _region.Dispose();
    }
}
