using Harness.Kernels.Programs;
using Harness.Models.Tests.WholeModels.Training;
using Harness.Models.Training;
using Xunit;

namespace Harness.Models.Tests.WholeModels.Counting;

/// <summary>
/// MACs and FLOPs of every step of a training step, counted: all its passes are computed on numbers that count what is done with them, loss,
/// gradients and updates are the oracle's, and the counts are those of the formulas.
/// </summary>
public sealed class CountedTrainingTests
{
    /// <summary>In the second one the optimizers' states are no longer zero.</summary>
    private const int Steps = 2;

    /// <summary>Every optimizer, with dropout and without, one pass and several, and blocks kept and computed again.</summary>
    public static TheoryData<string, Optimizer, double, int?, bool> Cases
    {
        get
        {
            var data = new TheoryData<string, Optimizer, double, int?, bool>();
            foreach ((string architecture, double dropout, bool hasBlocks) in new[]
            {
                ("mlp", 0, false), ("mlp:nobias", 0, false), ("mnist-cnn", 0, false), ("vgg16:3", 0.5, false), ("bert", 0.1, true), ("t5", 0.1, true),
            })
            {
                foreach (bool recompute in hasBlocks ? new[] { false, true } : [false])
                {
                    data.Add(architecture, Optimizer.Sgd, 0, 1, recompute);
                    data.Add(architecture, Optimizer.Momentum, dropout, 1, recompute);
                    data.Add(architecture, Optimizer.Adam, dropout, null, recompute);
                    data.Add(architecture, Optimizer.AdamW, 0, null, recompute);
                }
            }

            data.Add("vgg16", Optimizer.Sgd, 0.5, null, false);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_step_is_the_oracles_and_costs_what_the_formulas_say(
        string architecture, Optimizer optimizer, double dropout, int? microBatch, bool recompute)
    {
        var asked = new TrainedCase(architecture, optimizer, dropout, microBatch, recompute);
        var training = new CountedTraining(asked);
        StepJudge.Run(training, asked, Steps, Tolerances.DoublePrecision);
        Assert.Equal(training.Programs.Passes.Length, training.Counted.Count);
        for (int part = 0; part < training.Counted.Count; part++)
        {
            CountedStep.AreThoseOf(training.Programs.Account(part), training.Counted[part]);
        }
    }

    [Theory]
    [InlineData("bert", 0)]
    [InlineData("bert", 0.1)]
    [InlineData("t5", 0)]
    [InlineData("t5", 0.1)]
    public void What_recomputation_adds_is_what_runs_again(string architecture, double dropout)
    {
        // Four passes: a first one, two like each other, a last one.
        var asked = new TrainedCase(architecture, Optimizer.Adam, dropout, MicroBatch: 1);
        var keeping = new CountedTraining(asked);
        var recomputing = new CountedTraining(asked with { Recompute = true });
        keeping.Step(0);
        recomputing.Step(0);
        CountedStep[] kept = [.. keeping.Counted.SelectMany(pass => pass)], all = [.. recomputing.Counted.SelectMany(pass => pass)];
        long added = all.Sum(step => step.Flops) - kept.Sum(step => step.Flops);
        Assert.Equal(
            all.Where(step => step.Name.Split(':')[0].EndsWith(".recomputed", StringComparison.Ordinal)).Sum(step => step.Flops), added);
        Assert.Equal(FlopsByTheFormulas(recomputing) - FlopsByTheFormulas(keeping), added);
        Assert.True(added > 0);
    }

    /// <summary>Of all passes of a step, as <c>audit</c> adds them up.</summary>
    private static long FlopsByTheFormulas(CountedTraining training) => Enumerable.Range(0, training.Programs.Passes.Length)
        .Sum(part => training.Programs.Account(part).Steps.Sum(step => step.Flops.Value));

    [Fact]
    public void Every_kind_of_step_is_counted()
    {
        // What is in these programs the tests here count, or fail for want of a definition. Sums of two tensors are in no model, but below.
        Type[] kinds = [.. typeof(Step).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Step)) && !type.IsAbstract)];
        var counted = new HashSet<Type> { typeof(AddStep) };
        foreach (TheoryDataRow<string, Optimizer, double, int?, bool> row in Cases)
        {
            (string architecture, Optimizer optimizer, double dropout, int? microBatch, bool recompute) = row.Data;
            var programs = new TrainedPrograms(new TrainedCase(architecture, optimizer, dropout, microBatch, recompute), new NoWorkspace());
            counted.UnionWith(programs.Programs.SelectMany(program => program.Steps).Select(step => step.GetType()));
        }

        Assert.Equal(kinds.Select(kind => kind.Name).Order(), counted.Select(kind => kind.Name).Order());
    }

    [Fact]
    public void A_sum_of_two_tensors_is_an_addition_an_element()
    {
        var builder = new ProgramBuilder("add");
        TensorSpec a = builder.Input("a", DType.F32, 3), b = builder.Input("b", DType.F32, 3);
        TensorSpec y = builder.Add("y", a, b, TensorCategory.Output);
        var pass = new CountedPass(builder.Build());
        pass.Tensors.Set(a, new[] { 1.0, 2, 3 });
        pass.Tensors.Set(b, new[] { 10.0, 20, 30 });
        Assert.Equal([new CountedStep("y", 0, 3)], pass.Run());
        Assert.Equal([11, 22, 33], pass.Tensors.Values(y));
    }
}
