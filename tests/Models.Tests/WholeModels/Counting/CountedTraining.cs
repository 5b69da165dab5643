using Harness.Kernels.Programs;
using Harness.Models.Tests.WholeModels.Training;

namespace Harness.Models.Tests.WholeModels.Counting;

/// <summary>Training steps on numbers that count: nothing but what is held from pass to pass goes from one to the next.</summary>
internal sealed class CountedTraining : ITrained
{
    private readonly Dictionary<string, double[]> _held = [];

    public CountedTraining(TrainedCase asked)
    {
        Programs = new TrainedPrograms(asked, new NoWorkspace());
        foreach (TensorSpec tensor in Programs.Programs[^1].Tensors)
        {
            if (tensor.Category is TensorCategory.Parameter or TensorCategory.OptimizerState)
            {
                _held[tensor.Name] = SmallModel.Reals(Programs.Start(tensor));
            }
        }
    }

    public TrainedPrograms Programs { get; }

    /// <summary>What was counted in the last step, pass by pass.</summary>
    public List<List<CountedStep>> Counted { get; } = [];

    public double[] Values(string name) => [.. _held[name]];

    public double Step(int step)
    {
        Counted.Clear();
        double loss = 0;
        for (int part = 0; part < Programs.Programs.Length; part++)
        {
            StepProgram program = Programs.Programs[part];
            var pass = new CountedPass(program);
            foreach (TensorSpec tensor in program.Tensors.Where(tensor => tensor.Category.IsPersistent()))
            {
                if (tensor.Category is not TensorCategory.Gradient || program.ContinuesGradients)
                {
                    pass.Tensors.Set(tensor, _held[tensor.Name]);
                }
            }

            foreach (TensorSpec input in program.Of(TensorCategory.Input))
            {
                pass.Tensors.SetInput(input, Programs.InputOf(input, step, part));
            }

            Counted.Add(pass.Run());
            loss += pass.Tensors.Values(program.Find("loss")!)[0];
            foreach (TensorSpec tensor in program.Tensors.Where(tensor => tensor.Category.IsPersistent()))
            {
                _held[tensor.Name] = pass.Tensors.Values(tensor);
            }
        }

        return loss;
    }
}
