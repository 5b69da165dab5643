using System.Collections.Immutable;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Memory;

/// <summary>
/// The order in which a pass takes tensors from the arena and gives them back. The planner's dry run and the executor both walk
/// it, so that an offset which depends on the order of calls is the same in both. Tensors are named by <see cref="TensorSpec.Index"/>.
/// </summary>
internal sealed class PassSchedule
{
    private readonly int[][] _bornBefore;
    private readonly int[][] _deadAfter;
    private readonly int[] _bornAtBegin;
    private readonly int[] _heldToEnd;

    public PassSchedule(ImmutableArray<Lifetime> lifetimes, int steps)
    {
        _bornAtBegin = [.. Indices(lifetimes, life => life.Tensor.Category is TensorCategory.Input)];
        _heldToEnd = [.. Indices(lifetimes, HeldByCaller)];
        _bornBefore = ByStep(lifetimes, steps, life => life.Tensor.Category is TensorCategory.Input ? null : life.FirstStep);
        _deadAfter = ByStep(lifetimes, steps, life => HeldByCaller(life) ? null : life.LastStep);
        Steps = steps;
    }

    public int Steps { get; }

    /// <summary>Inputs: the caller fills them before the first step runs.</summary>
    public ReadOnlySpan<int> BornAtBegin => _bornAtBegin;

    public ReadOnlySpan<int> BornBefore(int step) => _bornBefore[step];

    public ReadOnlySpan<int> DeadAfter(int step) => _deadAfter[step];

    /// <summary>Inputs and outputs: the caller reads them after the last step.</summary>
    public ReadOnlySpan<int> HeldToEnd => _heldToEnd;

    /// <summary>The pass with nothing but the arena: no device, nothing computed.</summary>
    /// <param name="arena">takes every call that a pass makes, in order</param>
    /// <param name="offsets">set by tensor index to where the arena put it</param>
    /// <param name="observe">whether the arena writes down every step, as in a real pass; a planner needs offsets alone</param>
    public void Replay(Arena arena, Span<long> offsets, bool observe = false)
    {
        arena.BeginPass();
        foreach (int tensor in _bornAtBegin)
        {
            offsets[tensor] = arena.Allocate(tensor, step: 0);
        }

        for (int step = 0; step < Steps; step++)
        {
            foreach (int tensor in _bornBefore[step])
            {
                offsets[tensor] = arena.Allocate(tensor, step);
            }

            if (observe)
            {
                arena.Observe(step);
            }

            foreach (int tensor in _deadAfter[step])
            {
                arena.Free(tensor, step);
            }
        }

        foreach (int tensor in _heldToEnd)
        {
            arena.Free(tensor, Steps - 1);
        }
    }

    private static bool HeldByCaller(Lifetime life) => life.Tensor.Category is TensorCategory.Input or TensorCategory.Output;

    private static IEnumerable<int> Indices(ImmutableArray<Lifetime> lifetimes, Func<Lifetime, bool> wanted) =>
        lifetimes.Where(wanted).Select(life => life.Tensor.Index);

    private static int[][] ByStep(ImmutableArray<Lifetime> lifetimes, int steps, Func<Lifetime, int?> stepOf)
    {
        ILookup<int?, int> tensors = lifetimes.ToLookup(stepOf, life => life.Tensor.Index);
        return [.. Enumerable.Range(0, steps).Select(step => tensors[step].ToArray())];
    }
}
