using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Programs;
using Harness.Kernels.Ptx;
using Harness.Models.Training;
using Harness.Tests.Shared;
using Xunit;

namespace Harness.Models.Tests.WholeModels.Training;

/// <summary>Training steps on the software GPU: loss, gradients and updates against the oracle, the same bytes again, micro-batches, recomputation.</summary>
public sealed class TrainingStepTests
{
    private const int Steps = 20;
    private const int FewSteps = 3;

    public static TheoryData<string> Architectures => [.. SmallModel.Architectures];

    public static TheoryData<string, Optimizer> Optimizers
    {
        get
        {
            var data = new TheoryData<string, Optimizer>();
            foreach (string architecture in SmallModel.Architectures)
            {
                foreach (Optimizer optimizer in new[] { Optimizer.Sgd, Optimizer.Momentum, Optimizer.AdamW })
                {
                    data.Add(architecture, optimizer);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Twenty_steps_are_the_oracles(string architecture)
    {
        double[] losses = Judge(new TrainedCase(architecture, Optimizer.Adam, Dropout: PublishedDropout(architecture)), Steps);
        Assert.Equal(Steps, losses.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void Every_optimizer_without_dropout(string architecture, Optimizer optimizer) =>
        Judge(new TrainedCase(architecture, optimizer), FewSteps);

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Micro_batches_add_up_to_the_batch(string architecture)
    {
        Judge(new TrainedCase(architecture, Optimizer.Adam, Dropout: PublishedDropout(architecture), MicroBatch: 1), FewSteps);
        if (architecture is not ("vgg16" or "mnist-cnn"))
        {
            Judge(new TrainedCase(architecture, Optimizer.Momentum, MicroBatch: 2), FewSteps);
        }

        // Both are judged by the oracle; here they are set beside each other. The gradient says more than a weight, which hardly moves.
        using var device = new SimulatedDevice(KernelLibrary.Embedded, workers: 1);
        using var whole = new TrainedModel(new TrainedCase(architecture, Optimizer.Sgd), device);
        double loss = whole.Step(0);
        for (int micro = 1; micro < whole.MicroBatch; micro *= 2)
        {
            using var parts = new TrainedModel(new TrainedCase(architecture, Optimizer.Sgd, MicroBatch: micro), device);
            Assert.Equal(loss, parts.Step(0), 1e-5);
            double largest = whole.Parameters.Max(name => whole.Values($"{name}.grad").Max(Math.Abs));
            foreach (string name in whole.Parameters)
            {
                AllNear(whole.Values($"{name}.grad"), parts.Values($"{name}.grad"), 1e-5, 1e-6 * largest, $"{name}.grad");
                AllNear(whole.Values(name), parts.Values(name), 1e-6, 0, name);
            }
        }
    }

    [Theory]
    [InlineData("bert", 0)]
    [InlineData("bert", 0.1)]
    [InlineData("t5", 0)]
    [InlineData("t5", 0.1)]
    public void What_is_recomputed_gives_the_same_bytes(string architecture, double dropout)
    {
        using var device = new SimulatedDevice(KernelLibrary.Embedded, workers: 1);
        using var kept = new TrainedModel(new TrainedCase(architecture, Optimizer.Adam, dropout), device);
        using var recomputed = new TrainedModel(new TrainedCase(architecture, Optimizer.Adam, dropout, Recompute: true), device);
        for (int step = 0; step < FewSteps; step++)
        {
            Assert.Equal(kept.Step(step), recomputed.Step(step));
            Same(kept, recomputed);
        }

        Judge(new TrainedCase(architecture, Optimizer.Adam, dropout, MicroBatch: 2, Recompute: true), FewSteps);
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void A_second_run_gives_the_same_bytes_on_any_number_of_workers(string architecture)
    {
        var asked = new TrainedCase(architecture, Optimizer.AdamW, PublishedDropout(architecture), MicroBatch: 1);
        using var device = new SimulatedDevice(KernelLibrary.Embedded, workers: 1);
        using var other = new SimulatedDevice(KernelLibrary.Embedded, workers: 3);
        using var first = new TrainedModel(asked, device);
        using var again = new TrainedModel(asked, device);
        using var elsewhere = new TrainedModel(asked, other);
        for (int step = 0; step < FewSteps; step++)
        {
            double loss = first.Step(step);
            Assert.Equal(loss, again.Step(step));
            Assert.Equal(loss, elsewhere.Step(step));
        }

        Same(first, again);
        Same(first, elsewhere);
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void A_steady_pass_allocates_no_managed_memory(string architecture)
    {
        using var device = new SimulatedDevice(KernelLibrary.Embedded, workers: 1);
        using var model = new TrainedModel(new TrainedCase(architecture, Optimizer.Adam, PublishedDropout(architecture)), device);
        (StepProgram program, Executor executor) = model.LastPass;
        var allocation = new ManagedAllocation();
        for (int pass = 0; pass <= ManagedAllocation.Tries; pass++)
        {
            executor.BeginPass();
            foreach (TensorSpec input in program.Of(TensorCategory.Input))
            {
                executor.Write(input, model.Programs.InputOf(input, step: 0, part: 0));
            }

            allocation = pass == 1 ? new ManagedAllocation() : allocation;
            allocation.Begin();
            executor.RunSteps();
            allocation.End();
            executor.EndPass();
        }

        Assert.Equal(0, allocation.LeastBytes);
    }

    private static double PublishedDropout(string architecture) => architecture switch
    {
        "vgg16" => 0.5,
        "bert" or "t5" => 0.1,
        _ => 0,
    };

    private static double[] Judge(TrainedCase asked, int steps)
    {
        using var device = new SimulatedDevice(KernelLibrary.Embedded, workers: 1);
        using var model = new TrainedModel(asked, device);
        return StepJudge.Run(model, asked, steps);
    }

    /// <param name="relative">to the largest element</param>
    private static void AllNear(double[] a, double[] b, double relative, double absolute, string what)
    {
        double tolerance = relative * a.Max(Math.Abs) + absolute;
        for (int i = 0; i < a.Length; i++)
        {
            // Not a maximum of differences: it would pass over a NaN.
            Assert.True(Math.Abs(a[i] - b[i]) <= tolerance, $"{what}[{i}] is {b[i]:R} in parts, {a[i]:R} in one, tolerance {tolerance:G3}");
        }
    }

    private static void Same(TrainedModel a, TrainedModel b)
    {
        foreach (string name in a.Parameters.SelectMany(name => new[] { name, $"{name}.grad" }).Concat(a.States))
        {
            Assert.True(a.Bytes(name).AsSpan().SequenceEqual(b.Bytes(name)), $"{name} has other bytes");
        }
    }
}
