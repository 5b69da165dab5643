using BenchmarkDotNet.Attributes;
using Harness.Kernels.Devices;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Models;

namespace Harness.Benchmarks;

/// <summary>Allocate and free of every tensor of BERT-base, batch 8, length 64, in the order of the pass; the figures are for one pair.</summary>
public class ArenaBenchmarks
{
    /// <summary>Tensors of that program outside the parameters; <see cref="Setup"/> holds it against the program.</summary>
    private const int Pairs = 199;

    private Arena _arena = null!;
    private int[][] _births = null!;
    private int[][] _deaths = null!;

    [Params(Placement.Online, Placement.Planned)]
    public Placement Placement { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        using var device = new NullDevice();
        StepProgram program = ModelCatalog.BertBase.Program(new ModelSize(8, 64, null), device);
        MemoryPlan plan = MemoryPlanner.Plan(program, Placement);
        if (plan.Placed.Length != Pairs)
        {
            throw new InvalidOperationException($"the program has {plan.Placed.Length} tensors, not {Pairs}");
        }

        _arena = new Arena(program, plan);
        ILookup<int, int> births = plan.Placed.ToLookup(placed => placed.Lifetime.FirstStep, placed => placed.Lifetime.Tensor.Index);
        ILookup<int, int> deaths = plan.Placed.ToLookup(placed => placed.Lifetime.LastStep, placed => placed.Lifetime.Tensor.Index);
        _births = [.. Enumerable.Range(0, program.Steps.Length).Select(step => births[step].ToArray())];
        _deaths = [.. Enumerable.Range(0, program.Steps.Length).Select(step => deaths[step].ToArray())];
    }

    /// <summary>Births before each step and deaths after it, as the executor does it.</summary>
    [Benchmark(OperationsPerInvoke = Pairs)]
    public void AllocateAndFree()
    {
        _arena.BeginPass();
        for (int step = 0; step < _births.Length; step++)
        {
            foreach (int tensor in _births[step])
            {
                _arena.Allocate(tensor, step);
            }

            foreach (int tensor in _deaths[step])
            {
                _arena.Free(tensor, step);
            }
        }
    }
}
