using System.Collections.Immutable;
using Harness.Kernels.Devices;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Models.Analytic.Training;
using Harness.Models.Training;
using Xunit;

namespace Harness.Models.Tests.Analytic.Training;

/// <summary>
/// What is said on paper that the forward pass keeps, against the lifetimes of the programs' tensors: every activation of every model, no more and no
/// fewer, and the step after which each is gone.
/// </summary>
public class KeptActivationTests
{
    public static TheoryData<string, double> Models
    {
        get
        {
            var data = new TheoryData<string, double>();
            foreach (string name in (string[])[.. ModelCatalog.All.Select(model => model.Name), "mlp:5-3", "mlp:7-9-8-4-3", "mlp:6-5-4:nobias"])
            {
                data.Add(name, 0);
                if (ModelCatalog.Find(name).Training.Dropout is { } dropout)
                {
                    data.Add(name, dropout);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Each_lives_until_the_step_that_is_named(string name, double dropout)
    {
        Model model = ModelCatalog.Find(name);
        var pass = new TrainingPass(Optimizer.Sgd, StepBatch: 2, dropout, RecomputeBlocks: false, ContinuesGradients: false, Updates: true);
        using var device = new NullDevice(null);
        StepProgram program = model.Training.Program(model.Size(2), pass, device);
        int turn = program.Steps.ToList().FindIndex(step => step.Name == "logits.grad");
        Dictionary<string, string> lives = Lifetimes.Of(program)
            .Where(life => life.Tensor.Category == TensorCategory.Activation && life.EndStep > turn)
            .ToDictionary(life => life.Tensor.Name, life => program.Steps[life.EndStep - 1].Name);
        ImmutableArray<KeptActivation> kept = model.Training.Kept(dropout > 0);
        Assert.All(kept, one => Assert.Equal((one.Name, one.LastReader), (one.Name, lives.GetValueOrDefault(one.Name))));
        Assert.Equal(lives.Keys.Order(StringComparer.Ordinal), kept.Select(one => one.Name).Order(StringComparer.Ordinal));
    }
}
