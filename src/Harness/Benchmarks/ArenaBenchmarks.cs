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
    private (int Tensor, int Step, bool IsBirth)[] _calls = null!;

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
        // Births before the step, deaths after it: as the executor does it.
        _calls =
        [
            .. plan.Placed.Select(placed => placed.Lifetime)
                .SelectMany(life => new[]
                {
                    (life.Tensor.Index, Step: life.FirstStep, IsBirth: true), (life.Tensor.Index, Step: life.LastStep, IsBirth: false),
                })
                .OrderBy(call => call.Step).ThenByDescending(call => call.IsBirth),
        ];
    }

    [Benchmark(OperationsPerInvoke = Pairs)]
    public void AllocateAndFree()
    {
        _arena.BeginPass();
        foreach ((int tensor, int step, bool isBirth) in _calls)
        {
            if (isBirth)
            {
                _arena.Allocate(tensor, step);
            }
            else
            {
                _arena.Free(tensor, step);
            }
        }
    }
}
